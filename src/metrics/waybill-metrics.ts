import { Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';

/**
 * The metrics of this Waybill module, and of nothing else in the process. Their labels never name a tenant, an
 * integration or a person. A host with an endpoint of its own merges them there:
 * `Registry.merge([own, metrics.registry]).metrics()`.
 */
@Injectable()
export class WaybillMetrics {
  readonly registry = new Registry();
}
