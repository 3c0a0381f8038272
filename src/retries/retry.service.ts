import { Injectable } from '@nestjs/common';
import type { LogId, RetryBatchId, TenantId } from '../common/ids.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import type { IntegrationLog, RetryRequest } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import type { LogState } from '../logging/log-walk.js';
import { LogUnknownError } from '../logging/log-unknown.error.js';
import { ReceivedRequestStore } from '../logging/received/received-request.store.js';
import { isWebhook, whyNoMore } from '../logging/received/webhook-logs.js';
import { changeOf, type ChangeToTell, kindsOf, seqOfRetryAfterTry } from '../logging/status-change.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { AsSentRefusedError } from './as-sent-refused.error.js';
import { NotRetryableError } from './not-retryable.error.js';
import { RetryRunningError } from './retry-running.error.js';
import { asSentFault, sentBodyOf } from './sent-body.js';

export interface WantedRetry {
  readonly requestedBy: string;
  readonly reason: string;
  /** Sends the body of the last try again, where the integration allows it. By default the body is built from the live record. */
  readonly asSent?: boolean;
}

/**
 * A person's retry of failed logs: the same lane, the same pipeline, rebuilt from the records as they are now; of webhooks,
 * from what was stored of them.
 */
@Injectable()
export class RetryService {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly directory: IntegrationDirectory,
    private readonly queue: DeliveryQueue,
    private readonly callbacks: CallbackQueue,
    private readonly received: ReceivedRequestStore,
  ) {}

  /**
   * @returns the log, QUEUED again.
   * @throws LogUnknownError, RetryRunningError, AsSentRefusedError, RequestExpiredError, or NotRetryableError where it has
   * not FAILed or cannot be sent again.
   */
  async retry(tenantId: TenantId, logId: LogId, { asSent = false, ...wanted }: WantedRetry): Promise<IntegrationLog> {
    const log = await this.get(tenantId, logId);
    if (asSent) await this.requireSentBody(log);
    const request = { ...wanted, requestedAt: new Date() };
    const queued = await this.requeue(log, request, asSent);
    const { integrationId, attemptCount } = queued;
    if (integrationId)
      await this.queue.add([{ logId, integrationId, attempt: attemptCount + 1, dueAt: request.requestedAt }]);
    return queued;
  }

  /** As `retry`, for logs of a batch. Answers which of them are QUEUED by it; whoever calls sees to their slots. */
  async retryOfBatch(
    tenantId: TenantId,
    logs: readonly LogState[],
    wanted: WantedRetry & { batchId: RetryBatchId },
  ): Promise<ReadonlySet<LogId>> {
    const request = { ...wanted, requestedAt: new Date() };
    const moves = logs.map((log) => ({ log, toTell: toTellOf(log, request.requestedAt) }));
    const moved = await this.logs.requeueAll(tenantId, moves, request);
    this.callbacks.add(moves.flatMap(({ log, toTell }) => (toTell && moved.has(log._id) ? [{ log, toTell }] : [])));
    return moved;
  }

  private async requeue(log: IntegrationLog, request: RetryRequest, asSent: boolean): Promise<IntegrationLog> {
    requireFailed(log);
    if (isWebhook(log)) await this.received.require(log._id);
    const toTell = toTellOf(log, request.requestedAt);
    const queued = await this.logs.requeue(log.tenantId, log, request, { asSent, toTell });
    if (!queued) {
      const now = await this.get(log.tenantId, log._id);
      requireFailed(now);
      throw new NotRetryableError(now, 'somebody else has just retried it, and it has FAILed again');
    }
    if (toTell) this.callbacks.add([{ log: queued, toTell }]);
    return queued;
  }

  private async requireSentBody(log: IntegrationLog): Promise<void> {
    if (isWebhook(log)) throw new AsSentRefusedError(log._id, 'a webhook is always worked on as it was received');
    const integration = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    const fault = integration ? asSentFault(integration) : 'its integration was deleted';
    if (fault) throw new AsSentRefusedError(log._id, fault);
    const found = sentBodyOf(await this.logs.attemptsOf(log));
    if ('missing' in found) throw new AsSentRefusedError(log._id, found.missing);
  }

  private async get(tenantId: TenantId, logId: LogId): Promise<IntegrationLog> {
    const log = await this.logs.find(tenantId, logId);
    if (!log) throw new LogUnknownError(logId);
    return log;
  }
}

function requireFailed(log: IntegrationLog): void {
  const whyNot = isWebhook(log) ? whyNoMore(log) : null;
  if (whyNot) throw new NotRetryableError(log, whyNot);
  if (log.eventId === null && !isWebhook(log))
    throw new NotRetryableError(log, 'it records a call that no event caused, so there is nothing to rebuild');
  if (log.erasedAt)
    throw new NotRetryableError(log, 'the person whom it was about was erased, so there is nothing to rebuild');
  if (log.status === 'QUEUED') throw new RetryRunningError(log);
  if (log.status !== 'FAIL')
    throw new NotRetryableError(
      log,
      `it is ${log.status}, and only a log that FAILed can be retried${orReplayed(log)}`,
    );
}

const orReplayed = (log: LogState) => (isWebhook(log) ? '; POST /v1/logs/:id/replay works on it once more' : '');

function toTellOf(log: LogState, at: Date): ChangeToTell | undefined {
  const kinds = kindsOf(log);
  if (kinds.length === 0) return undefined;
  const { attemptCount } = log;
  const again = { status: 'QUEUED' as const, errorClass: null, errorCode: null, errorMessage: null };
  return { kinds, change: changeOf(again, at, { seq: seqOfRetryAfterTry(attemptCount), attemptCount }) };
}
