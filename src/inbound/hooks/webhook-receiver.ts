import { Inject, Injectable, Logger } from '@nestjs/common';
import { GroupCommit } from '../../common/group-commit.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { ProcessRegistry } from '../../logging/decorator/process-registry.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import { DeliveryQueue, type DueTry } from '../../scheduling/delivery-queue.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { readWebhook } from '../webhook.js';
import { FirstAnswers } from './first-answers.js';
import { FirstTurns } from './first-turns.js';
import type { Taken } from './webhook-intake.js';
import type { FirstTry } from './webhook-log.js';
import { type Stored, WebhookStorage } from './webhook-storage.js';

const ACCEPTED = 202;

/** While it is paused nothing is worked on, and so nothing can be answered; the work on a file takes too long to be waited for. */
const isAnswered = ({ mode, pause, bulk }: InboundSource) => mode === 'sync' && !pause && bulk === null;

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
    private readonly storage: WebhookStorage,
    private readonly queue: DeliveryQueue,
    private readonly answers: FirstAnswers,
    private readonly turns: FirstTurns,
    private readonly processes: ProcessRegistry,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws WebhookNotRecordedError */
  async receive(
    source: InboundSource,
    request: RawRequest,
    verifiedId?: string,
  ): Promise<{ taken: Taken; answer: HandlerAnswer }> {
    const webhook = readWebhook(source, request, verifiedId);
    const stored = await this.storage.store(webhook, this.firstTryOf(source, request.receivedAt));
    return { taken: stored.taken, answer: await this.answerOf(stored, source, request) };
  }

  /** A worker takes over what this process works on once all of it has had its time, and its end some to be recorded. */
  private firstTryOf(source: InboundSource, receivedAt: Date): FirstTry {
    if (!isAnswered(source)) return { dueAt: receivedAt };
    const waitMs = source.timeoutMs + this.settings.delivery.takeoverAfterMs;
    return { dueAt: new Date(receivedAt.getTime() + waitMs), madeBy: this.processes.id };
  }

  /** So that its handler has its `timeoutMs`, and its end half of the rest to be recorded, before it is taken over. */
  private beginsBy(receivedAt: Date): Date {
    return new Date(receivedAt.getTime() + this.settings.delivery.takeoverAfterMs / 2);
  }

  private async answerOf({ log, taken }: Stored, source: InboundSource, request: RawRequest): Promise<HandlerAnswer> {
    const accepted = { status: ACCEPTED, body: { id: log._id } };
    if (taken === 'duplicate') return isAnswered(source) ? this.answers.ofFirst(log, source, accepted) : accepted;
    if (taken === 'kept') return accepted;
    if (!isAnswered(source)) {
      this.start(log);
      return accepted;
    }
    const isNow = await this.turns.isNow(log, source, this.beginsBy(request.receivedAt));
    return isNow ? this.answers.byHandler(log, source, request, accepted) : accepted;
  }

  /** Nobody waits for it: the reconciler queues what was not. */
  private start({ _id: logId, integrationId, nextAttemptAt }: IntegrationLog): void {
    if (!integrationId || !nextAttemptAt) return;
    this.starts
      .submit({ logId, integrationId, attempt: 1, dueAt: nextAttemptAt })
      .catch((error: unknown) => this.log.warn(`Webhook ${logId} is not queued yet: ${String(error)}`));
  }
}
