import { Body, Controller, Param, Post } from '@nestjs/common';
import { LAB_INPUT } from '../lab-input.js';
import { ResultInbox } from './result-inbox.js';
import { AnalyserResultDto } from './result.dto.js';
import { SampleService } from './sample.service.js';

/** The lab's own HTTP API for samples, and the address that its analysers post results to. */
@Controller('lab')
export class SampleController {
  constructor(
    private readonly samples: SampleService,
    private readonly inbox: ResultInbox,
  ) {}

  @Post(':labId/orders/:id/sample')
  receive(@Param('labId') labId: string, @Param('id') id: string) {
    return this.samples.receive(labId, id);
  }

  @Post('results')
  takeResult(@Body(LAB_INPUT) body: AnalyserResultDto) {
    return this.inbox.take(body);
  }
}
