import type { ServerResponse } from 'node:http';
import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { LiveDto, ReadyDto } from './health.dto.js';
import { Readiness } from './readiness.js';

const SERVICE_UNAVAILABLE = 503;

/** For load balancers and orchestrators; needs no key and tells no more than they must know. */
@Controller('health')
@ApiTags('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process runs. */
  @Get('live')
  live(): LiveDto {
    return { status: 'ok' };
  }

  /** MongoDB and Redis each answer within a second. */
  @Get('ready')
  @ApiOkResponse({ type: ReadyDto })
  @ApiServiceUnavailableResponse({ type: ReadyDto, description: 'One of them does not; the answer says which' })
  async ready(@Res({ passthrough: true }) response: ServerResponse): Promise<ReadyDto> {
    const readiness = await this.readiness.check();
    if (readiness.status !== 'ok') response.statusCode = SERVICE_UNAVAILABLE;
    return readiness;
  }
}
