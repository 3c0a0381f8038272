import { Inject, Injectable } from '@nestjs/common';
import type { Semaphore } from '../../common/semaphore.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { callPlaces } from '../../dispatch/call-places.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { BulkWork } from '../bulk/bulk-work.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
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

  /** As soon as there is a place for it. @throws what its handling throws. */
  inTurn(webhook: Webhook, log: IntegrationLog): Promise<HandlerAnswer> {
    return this.places.run(() => this.atOnce(webhook, log), webhook.source._id);
  }

  /** @throws what its handling throws. */
  atOnce(webhook: Webhook, log: IntegrationLog): Promise<HandlerAnswer> {
    const { bulk } = webhook.source;
    return bulk === null ? this.single.handle(webhook, log) : this.bulk.handle(webhook, log, bulk);
  }
}
