import { Injectable } from '@nestjs/common';
import type { LogId, TenantId } from '../common/ids.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { LogUnknownError } from '../logging/log-unknown.error.js';
import { changeOf, type ChangeToTell, kindsOf, seqOfRetryAfterTry } from '../logging/status-change.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { NotRetryableError } from './not-retryable.error.js';

/** A person's retry of one failed log: the same lane, the same pipeline, rebuilt from the records as they are now. */
@Injectable()
export class RetryService {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly queue: DeliveryQueue,
    private readonly callbacks: CallbackQueue,
  ) {}

  /**
   * @returns the log, QUEUED again.
   * @throws LogUnknownError, or NotRetryableError where it has not FAILed or cannot be sent again.
   */
  async retry(
    tenantId: TenantId,
    logId: LogId,
    request: { requestedBy: string; reason: string },
  ): Promise<IntegrationLog> {
    const log = await this.logs.find(tenantId, logId);
    if (!log) throw new LogUnknownError(logId);
    if (log.eventId === null)
      throw new NotRetryableError(log, 'it records a call that no event caused, so there is nothing to rebuild');
    if (log.erasedAt)
      throw new NotRetryableError(log, 'the person whom it was about was erased, so there is nothing to rebuild');
    if (log.status !== 'FAIL')
      throw new NotRetryableError(log, `it is ${log.status}, and only a log that FAILed can be retried`);
    const requestedAt = new Date();
    const toTell = toTellOf(log, requestedAt);
    const queued = await this.logs.requeue(tenantId, log, { ...request, requestedAt }, toTell);
    if (!queued) throw new NotRetryableError(log, 'somebody else has just retried it');
    const { integrationId, attemptCount } = queued;
    if (integrationId) await this.queue.add([{ logId, integrationId, attempt: attemptCount + 1, dueAt: requestedAt }]);
    if (toTell) this.callbacks.add([{ log: queued, toTell }]);
    return queued;
  }
}

function toTellOf(log: IntegrationLog, at: Date): ChangeToTell | undefined {
  const kinds = kindsOf(log);
  if (kinds.length === 0) return undefined;
  const { attemptCount } = log;
  const again = { status: 'QUEUED' as const, errorClass: null, errorCode: null, errorMessage: null };
  return { kinds, change: changeOf(again, at, { seq: seqOfRetryAfterTry(attemptCount), attemptCount }) };
}
