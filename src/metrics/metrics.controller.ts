import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { WaybillMetrics } from './waybill-metrics.js';

/** For Prometheus. Like the health of the process it needs no key: MongoDB, which knows the keys, may be what is away. */
@Controller('metrics')
@ApiTags('metrics')
export class MetricsController {
  /** Of its own, because a host that merges the others may have those of the process already. */
  private readonly ofProcess = new Registry();

  constructor(private readonly metrics: WaybillMetrics) {
    collectDefaultMetrics({ register: this.ofProcess });
  }

  /** The metrics of this process, in the text format of Prometheus. */
  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  async read(): Promise<string> {
    const texts = await Promise.all([this.metrics.registry.metrics(), this.ofProcess.metrics()]);
    return texts.join('\n');
  }
}
