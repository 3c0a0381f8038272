import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { DeliveryAnswers, type WantedDelivery } from '../../logging/received/delivery-answers.js';
import { CallbackQueue } from '../../scheduling/callback-queue.js';
import { textOf, valueAtPlace, type Webhook } from '../webhook.js';

/** A vendor may call before the record of its own answer is written: so soon it is looked for again. */
const LOOK_AGAIN_MS = 300;
const YOUNG_MS = 5_000;

/** Ties a webhook to the delivery that it answers, by the vendor's reference, and has the listeners of that one told. */
@Injectable()
export class AnsweredDeliveries {
  constructor(
    private readonly answers: DeliveryAnswers,
    private readonly callbacks: CallbackQueue,
  ) {}

  /** Once for each webhook, however often it is worked on. */
  async tie(webhook: Webhook, log: IntegrationLog): Promise<void> {
    const { source, request, data, type } = webhook;
    if (!source.answers || log.answers?.logId) return;
    const reference = textOf(valueAtPlace(source.answers.reference, request, data));
    if (reference === undefined) return;
    const { tenantId, vendor } = source;
    const wanted = { tenantId, vendor, extract: source.answers.extract, reference };
    await bounded(this.tieTo(wanted, log, type), DATABASE_TIMEOUT_MS, 'Looking for the delivery that is answered');
  }

  private async tieTo(wanted: WantedDelivery, log: IntegrationLog, type: string): Promise<void> {
    let delivery = await this.answers.find(wanted);
    if (!delivery && Date.now() - log.createdAt.getTime() < YOUNG_MS) {
      await delay(LOOK_AGAIN_MS);
      delivery = await this.answers.find(wanted);
    }
    const toTell = delivery && (await this.answers.remember(delivery, { logId: log._id, type }));
    await this.answers.note(log._id, { reference: wanted.reference, logId: delivery?._id ?? null });
    if (delivery && toTell) this.callbacks.add([{ log: delivery, toTell }]);
  }
}
