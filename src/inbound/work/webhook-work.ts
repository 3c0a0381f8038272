import { Inject, Injectable } from '@nestjs/common';
import type { Semaphore } from '../../common/semaphore.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { callPlaces } from '../../dispatch/call-places.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { BulkWork } from '../bulk/bulk-work.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import type { Webhook } from '../webhook.js';
import { SingleWork } from './single-work.js';

/** Has a webhook handled: whole, or as a file record by record. */
@Injectable()
export class WebhookWork {
  private readonly places: Semaphore;

  constructor(
    private readonly single: SingleWork,
    private readonly bulk: BulkWork,
    @Inject(SETTINGS) { delivery }: Settings,
  ) {
    this.places = callPlaces(delivery.concurrency);
  }

  /** Makes a try as soon as there is a place for it: nothing of the webhooks that wait is in memory. */
  inTurn<T>({ _id }: InboundSource, make: () => Promise<T>): Promise<T> {
    return this.places.run(make, _id);
  }

  /** @throws what its handling throws. */
  handle(webhook: Webhook, log: IntegrationLog): Promise<HandlerAnswer> {
    const { bulk } = webhook.source;
    return bulk === null ? this.single.handle(webhook, log) : this.bulk.handle(webhook, log, bulk);
  }
}
