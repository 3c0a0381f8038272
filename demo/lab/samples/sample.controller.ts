import { Controller, Param, Post } from '@nestjs/common';
import { SampleService } from './sample.service.js';

/** The lab's own HTTP API for samples: what the scanner at the hatch calls. */
@Controller('lab')
export class SampleController {
  constructor(private readonly samples: SampleService) {}

  @Post(':labId/orders/:id/sample')
  receive(@Param('labId') labId: string, @Param('id') id: string) {
    return this.samples.receive(labId, id);
  }
}
