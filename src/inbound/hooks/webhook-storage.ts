import { Injectable } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import type { LogId } from '../../common/ids.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { RepeatCounts } from '../../logging/received/repeat-counts.js';
import { RepeatedWebhooks } from '../../logging/received/repeated-webhooks.js';
import { WebhookCapture } from '../webhook-capture.js';
import type { Webhook } from '../webhook.js';
import { WebhookNotRecordedError } from './hook.errors.js';
import { type Taken, WebhookIntake } from './webhook-intake.js';
import { type FirstTry, webhookLogOf } from './webhook-log.js';

const FIRST_TIMEOUT_MS = 3_000;
/** Each is lost to an equal one that came at the same time; more of them than that do not. */
const MAX_ROUNDS = 10;

/** A webhook that is durable; of a duplicate, the log of the first. */
export interface Stored {
  readonly log: IntegrationLog;
  readonly taken: Taken;
}

/** Stores webhooks: the same event once, an equal one whose window has passed is another. */
@Injectable()
export class WebhookStorage {
  constructor(
    private readonly intake: WebhookIntake,
    private readonly received: ReceivedRequestStore,
    private readonly logs: IntegrationLogStore,
    private readonly capture: WebhookCapture,
    private readonly repeated: RepeatedWebhooks,
    private readonly repeats: RepeatCounts,
  ) {}

  /** @throws WebhookNotRecordedError */
  async store(webhook: Webhook, firstTry: FirstTry): Promise<Stored> {
    const { source, request } = webhook;
    const captured = this.capture.request(request, await this.capture.redactorFor(source));
    let after: LogId | null = null;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const log = webhookLogOf(webhook, captured, { after, ...firstTry });
      const received = await this.received.seal(source.tenantId, log._id, request);
      const { dedupeWindowMs } = source;
      const taken = await this.intake.take({ kind: 'opened', log, received, dedupeWindowMs });
      if (taken !== 'duplicate') return { log, taken };
      const first = await this.firstOf(log);
      if (!first) return { log, taken };
      if (request.receivedAt.getTime() - first.createdAt.getTime() < dedupeWindowMs) {
        this.repeats.add(first._id, request.receivedAt);
        return { log: first, taken };
      }
      after = first._id;
    }
    throw new WebhookNotRecordedError();
  }

  /** The one that the event is a copy of, where its window has not passed. */
  private async firstOf(log: IntegrationLog): Promise<IntegrationLog | null> {
    const reading = this.repeated.newestOf(log).then((newest) => newest && this.logs.find(log.tenantId, newest._id));
    try {
      return await bounded(reading, FIRST_TIMEOUT_MS, 'Reading an equal webhook');
    } catch (error) {
      throw new WebhookNotRecordedError(error);
    }
  }
}
