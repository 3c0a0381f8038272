import { Injectable } from '@nestjs/common';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import { asSentFault, sentBodyOf } from '../../retries/sent-body.js';
import { AsSentUnavailableError } from './as-sent-unavailable.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Takes the body that the last try sent from the log, in the place of one that is built from the record. */
@Injectable()
export class RestoreBodyStep implements PipelineStep {
  constructor(private readonly logs: IntegrationLogStore) {}

  async run(delivery: Delivery): Promise<void> {
    const fault = asSentFault(delivery.integration);
    if (fault) throw new AsSentUnavailableError(fault);
    const log = await this.logs.find(delivery.log.tenantId, delivery.log._id);
    const found = log ? sentBodyOf(await this.logs.attemptsOf(log)) : { missing: 'the log is gone' };
    if ('missing' in found) throw new AsSentUnavailableError(found.missing);
    delivery.restored = found;
  }
}
