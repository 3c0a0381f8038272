import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { type LogId, newLogId, type TenantId } from '../../common/ids.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import { LogUnknownError } from '../../logging/log-unknown.error.js';
import { MongoLogSink } from '../../logging/mongo-log-sink.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { isWebhook, whyNoMore } from '../../logging/received/webhook-logs.js';
import { DeliveryQueue } from '../../scheduling/delivery-queue.js';
import { webhookLogOf } from '../hooks/webhook-log.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { WebhookCapture } from '../webhook-capture.js';
import { readWebhook } from '../webhook.js';
import { NotReplayableError } from './not-replayable.error.js';

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
    const source = await this.sourceOf(log);
    const request = await this.received.get(logId);
    const webhook = readWebhook(source, request, String(log.context['webhookId']));
    const now = new Date();
    const captured = this.capture.request(request, await this.capture.redactorFor(source));
    const fresh = webhookLogOf(webhook, captured, { after: null, dueAt: now });
    const replayed: IntegrationLog = {
      ...fresh,
      _id: newLogId(),
      parentLogId: log.parentLogId ?? log._id,
      correlationId: log.correlationId,
      retry: { ...wanted, requestedAt: now },
      createdAt: now,
      updatedAt: now,
    };
    const received = await this.received.seal(tenantId, replayed._id, request);
    const storing = this.sink.open([{ kind: 'opened', log: replayed, received }]);
    await bounded(storing, DATABASE_TIMEOUT_MS, 'Storing a replay');
    await this.queue.add([{ logId: replayed._id, integrationId: source._id, attempt: 1, dueAt: now }]);
    return replayed;
  }

  private async sourceOf(log: IntegrationLog): Promise<InboundSource> {
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
