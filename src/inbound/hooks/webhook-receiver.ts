import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { GroupCommit } from '../../common/group-commit.js';
import type { LogId } from '../../common/ids.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { DeliveryQueue, type DueTry } from '../../scheduling/delivery-queue.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { WebhookCapture } from '../webhook-capture.js';
import { readWebhook, type Webhook } from '../webhook.js';
import { FirstAnswers } from './first-answers.js';
import { WebhookNotRecordedError } from './hook.errors.js';
import { type Taken, WebhookIntake } from './webhook-intake.js';
import { webhookLogOf } from './webhook-log.js';

const ACCEPTED = 202;
/** Beyond the time that its handler may take: then its process has died, and a worker takes it over. */
const TAKEOVER_MARGIN_MS = 30_000;
const FIRST_TIMEOUT_MS = 3_000;
/** An event that comes again after its window has passed, so often, is one that is told without an end. */
const MAX_REPEATS = 1_000;

/** While it is paused nothing is worked on, and so nothing can be answered; the work on a file takes too long to be waited for. */
const isAnswered = ({ mode, pause, bulk }: InboundSource) => mode === 'sync' && !pause && bulk === null;

interface Stored {
  readonly log: IntegrationLog;
  readonly taken: Taken;
}

/** What is done with a webhook that was verified: it is stored, once, and then worked on. */
@Injectable()
export class WebhookReceiver {
  private readonly log = new Logger(WebhookReceiver.name);
  /** Webhooks that come together are queued together. */
  private readonly starts = new GroupCommit<DueTry, void>({
    maxBatch: 500,
    maxPending: 10_000,
    write: async (tries) => {
      await this.queue.add(tries);
      return tries.map(() => undefined);
    },
  });

  constructor(
    private readonly intake: WebhookIntake,
    private readonly received: ReceivedRequestStore,
    private readonly logs: IntegrationLogStore,
    private readonly queue: DeliveryQueue,
    private readonly answers: FirstAnswers,
    private readonly capture: WebhookCapture,
  ) {}

  /** @throws WebhookNotRecordedError */
  async receive(
    source: InboundSource,
    request: RawRequest,
    verifiedId?: string,
  ): Promise<{ taken: Taken; answer: HandlerAnswer }> {
    const webhook = readWebhook(source, request, verifiedId);
    const { log, taken } = await this.store(webhook);
    return { taken, answer: await this.answerOf({ log, taken }, source, request) };
  }

  private async answerOf({ log, taken }: Stored, source: InboundSource, request: RawRequest): Promise<HandlerAnswer> {
    const accepted = { status: ACCEPTED, body: { id: log._id } };
    if (taken === 'duplicate') return isAnswered(source) ? this.answers.ofFirst(log, source, accepted) : accepted;
    if (taken === 'kept') return accepted;
    if (isAnswered(source)) return this.answers.byHandler(log, source, request, accepted);
    this.start(log);
    return accepted;
  }

  /** The same event once; an equal one whose window has passed is another. */
  private async store(webhook: Webhook): Promise<Stored> {
    const { source, request } = webhook;
    const waitMs = isAnswered(source) ? source.timeoutMs + TAKEOVER_MARGIN_MS : 0;
    const dueAt = new Date(request.receivedAt.getTime() + waitMs);
    const captured = this.capture.request(request, await this.capture.redactorFor(source));
    let after: LogId | null = null;
    for (let repeats = 0; ; repeats += 1) {
      const log = webhookLogOf(webhook, captured, { after, dueAt });
      const received = await this.received.seal(source.tenantId, log._id, request);
      const { dedupeWindowMs } = source;
      const taken = await this.intake.take({ kind: 'opened', log, received, dedupeWindowMs });
      if (taken !== 'duplicate') return { log, taken };
      const first = await this.find(log);
      const isWithin = !first || request.receivedAt.getTime() - first.createdAt.getTime() < dedupeWindowMs;
      if (isWithin || repeats === MAX_REPEATS) return { log: first ?? log, taken };
      after = log._id;
    }
  }

  private async find({ tenantId, _id }: IntegrationLog): Promise<IntegrationLog | null> {
    try {
      return await bounded(this.logs.find(tenantId, _id), FIRST_TIMEOUT_MS, 'Reading an equal webhook');
    } catch (error) {
      throw new WebhookNotRecordedError(error);
    }
  }

  /** Nobody waits for it: the reconciler queues what was not. */
  private start({ _id: logId, integrationId, nextAttemptAt }: IntegrationLog): void {
    if (!integrationId || !nextAttemptAt) return;
    this.starts
      .submit({ logId, integrationId, attempt: 1, dueAt: nextAttemptAt })
      .catch((error: unknown) => this.log.warn(`Webhook ${logId} is not queued yet: ${String(error)}`));
  }
}
