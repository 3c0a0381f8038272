import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { type LogId, newLogId, type TenantId } from '../../common/ids.js';
import type { IntegrationLog, RetryRequest } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import type { LogState } from '../../logging/log-walk.js';
import { LogUnknownError } from '../../logging/log-unknown.error.js';
import { MongoLogSink } from '../../logging/mongo-log-sink.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { isWebhook, whyNoMore } from '../../logging/received/webhook-logs.js';
import { NotReplayableError } from '../../retries/not-replayable.error.js';
import { DeliveryQueue } from '../../scheduling/delivery-queue.js';
import { webhookLogOf } from '../hooks/webhook-log.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { WebhookCapture } from '../webhook-capture.js';
import { readWebhook } from '../webhook.js';

/** Works on a webhook once more, as if it had just come: a log of its own, by the source as it is now. */
@Injectable()
export class WebhookReplay {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly directory: SourceDirectory,
    private readonly received: ReceivedRequestStore,
    private readonly capture: WebhookCapture,
    private readonly sink: MongoLogSink,
    private readonly queue: DeliveryQueue,
  ) {}

  /** @returns the new log. @throws LogUnknownError, NotReplayableError or RequestExpiredError */
  async replay(
    tenantId: TenantId,
    logId: LogId,
    wanted: { requestedBy: string; reason: string },
  ): Promise<IntegrationLog> {
    const log = await this.logs.find(tenantId, logId);
    if (!log) throw new LogUnknownError(logId);
    const now = new Date();
    const replayed = await this.open(log, newLogId(), { ...wanted, requestedAt: now });
    const { _id, integrationId } = replayed;
    if (integrationId) await this.queue.add([{ logId: _id, integrationId, attempt: 1, dueAt: now }]);
    return replayed;
  }

  /**
   * Stores the log of a replay, which is due at once; whoever calls queues it. Nothing happens where one is there by that id.
   * @throws NotReplayableError or RequestExpiredError
   */
  async open(log: LogState, _id: LogId, wanted: RetryRequest): Promise<IntegrationLog> {
    const source = await this.sourceOf(log);
    const request = await this.received.get(log._id);
    const webhook = readWebhook(source, request, String(log.context['webhookId']));
    const now = wanted.requestedAt;
    const captured = this.capture.request(request, await this.capture.redactorFor(source));
    const replayed: IntegrationLog = {
      ...webhookLogOf(webhook, captured, { after: null, dueAt: now }),
      _id,
      parentLogId: log.parentLogId ?? log._id,
      correlationId: log.correlationId,
      retry: wanted,
      createdAt: now,
      updatedAt: now,
    };
    const received = await this.received.seal(log.tenantId, _id, request);
    const storing = this.sink.open([{ kind: 'opened', log: replayed, received }]);
    await bounded(storing, DATABASE_TIMEOUT_MS, 'Storing a replay');
    return replayed;
  }

  private async sourceOf(log: LogState): Promise<InboundSource> {
    if (!isWebhook(log)) throw new NotReplayableError(log, 'it is not of a webhook');
    const whyNot = whyNoMore(log);
    if (whyNot) throw new NotReplayableError(log, whyNot);
    if (log.status === 'QUEUED') throw new NotReplayableError(log, 'it is still being worked on');
    const source = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    if (!source || !source.enabled)
      throw new NotReplayableError(log, `its source was ${source ? 'disabled' : 'deleted'}`);
    return source;
  }
}
