import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { ErrorClass } from '../../common/error-class.js';
import type { EventId, TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import type { AttemptDocument, IntegrationLog } from '../integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../integration-log.collection.js';
import { ChangedSpans } from '../changed-spans.js';
import { spanOf } from '../log-span.js';
import { payloadIdsOf } from '../payloads/payload-text.js';
import { ReceivedRequestStore } from '../received/received-request.store.js';
import { isWebhook } from '../received/webhook-logs.js';
import { PayloadStore } from '../payloads/payload.store.js';
import { SCRUB_ATTEMPT, scrubOf } from './scrub.js';

const PAGE_SIZE = 200;
const WALK_PAGE_SIZE = 1_000;
const WITHOUT_TEXTS = { 'firstAttempt.request.body.text': 0, 'firstAttempt.response.body.text': 0 } as const;
const ERROR_ONLY = { logId: 1, errorClass: 1, errorMessage: 1 } as const;
const PAYLOADS_ONLY = { logId: 1, 'request.body.payload': 1, 'response.body.payload': 1 } as const;

/** Logs that were made up to a time and can be found by a key of their context. */
export interface SubjectLogs {
  readonly tenantId: TenantId;
  readonly contextKey: string;
  readonly until: Date;
}

export interface LogFailure extends Pick<IntegrationLog, 'tenantId' | 'integrationId'> {
  readonly errorClass: ErrorClass;
  readonly errorMessage: string;
}

export interface ErasedLogs {
  readonly logs: number;
  readonly attempts: number;
  readonly payloads: number;
  /** Deliveries that waited and are not made any more. */
  readonly failed: number;
}

/** Takes the personal data out of logs. Each step can be done again: what is found by the key has still to be done. */
@Injectable()
export class LogErasure {
  private readonly logs: Collection<IntegrationLog>;
  private readonly attempts: Collection<AttemptDocument>;

  constructor(
    private readonly database: Database,
    private readonly payloads: PayloadStore,
    private readonly changed: ChangedSpans,
    private readonly received: ReceivedRequestStore,
  ) {
    this.logs = database.collection(INTEGRATION_LOGS);
    this.attempts = database.collection(INTEGRATION_ATTEMPTS);
  }

  /** The next logs that are to be erased; empty where there are none left. */
  async find({ tenantId, contextKey, until }: SubjectLogs): Promise<IntegrationLog[]> {
    return this.logs
      .find({ tenantId, contextKeys: contextKey, createdAt: { $lte: until } })
      .project<IntegrationLog>(WITHOUT_TEXTS)
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest_of_key')
      .limit(PAGE_SIZE)
      .toArray();
  }

  /** Of the payloads of these logs, those that are theirs alone are deleted; the others' ids are the answer. */
  async deletePayloads(logs: readonly IntegrationLog[]): Promise<{ deleted: number; shared: string[] }> {
    const logIds = logs.map(({ _id }) => _id);
    const ids = await this.payloadsOf(logs);
    if (ids.length === 0) return { deleted: 0, shared: [] };
    const shared = await this.payloads.deleteOwn(ids, logIds);
    return { deleted: ids.length - shared.length, shared };
  }

  /** What their tries have FAILed with; what is summed up of failures has their messages. */
  async failuresOf(logs: readonly IntegrationLog[]): Promise<LogFailure[]> {
    const ofLog = new Map(logs.map((log) => [log._id, log]));
    const further = await this.attempts
      .find({ logId: { $in: [...ofLog.keys()] } })
      .project<Pick<AttemptDocument, 'logId' | 'errorClass' | 'errorMessage'>>(ERROR_ONLY)
      .hint('by_log')
      .toArray();
    const own = logs.flatMap((log) => [log, ...(log.firstAttempt ? [{ ...log.firstAttempt, logId: log._id }] : [])]);
    return [...own, ...further].flatMap((failure) => {
      const log = ofLog.get('logId' in failure ? failure.logId : failure._id);
      const { errorClass, errorMessage } = failure;
      if (!log || errorClass === null || errorMessage === null) return [];
      return [{ tenantId: log.tenantId, integrationId: log.integrationId, errorClass, errorMessage }];
    });
  }

  async scrub(logs: readonly IntegrationLog[]): Promise<Omit<ErasedLogs, 'payloads'>> {
    const now = new Date();
    await this.changed.mark(logs.map(spanOf));
    await this.received.forget(logs.filter(isWebhook).map(({ _id }) => _id));
    const { modifiedCount } = await this.attempts.updateMany(
      { logId: { $in: logs.map(({ _id }) => _id) } },
      SCRUB_ATTEMPT,
    );
    // A log that has moved meanwhile is found again.
    const updates = logs.map((log) => {
      const { _id, attemptCount, status } = log;
      return { q: { _id, attemptCount, status }, u: scrubOf(log, now) };
    });
    const moved = await this.database.updateEach(INTEGRATION_LOGS, updates);
    const failed = logs.filter(({ status }) => status === 'QUEUED').length;
    return { logs: moved, attempts: modifiedCount, failed };
  }

  /** Deletes the payloads that no log of the tenant has any more; answers with how many. */
  async deleteUnused(tenantId: TenantId, payloadIds: readonly string[]): Promise<number> {
    const unused = new Set(payloadIds);
    let place: Pick<IntegrationLog, '_id' | 'createdAt'> | null = null;
    while (unused.size > 0) {
      const page: IntegrationLog[] = await this.walk(tenantId, place);
      for (const id of await this.payloadsOf(page)) unused.delete(id);
      place = page.at(-1) ?? null;
      if (!place || page.length < WALK_PAGE_SIZE) break;
    }
    await this.payloads.delete([...unused]);
    return unused.size;
  }

  private async walk(
    tenantId: TenantId,
    after: Pick<IntegrationLog, '_id' | 'createdAt'> | null,
  ): Promise<IntegrationLog[]> {
    const behind = after
      ? { createdAt: { $lte: after.createdAt }, $nor: [{ createdAt: after.createdAt, _id: { $gte: after._id } }] }
      : {};
    return this.logs
      .find({ tenantId, ...behind })
      .project<IntegrationLog>({
        createdAt: 1,
        'firstAttempt.request.body.payload': 1,
        'firstAttempt.response.body.payload': 1,
      })
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest')
      .limit(WALK_PAGE_SIZE)
      .toArray();
  }

  private async payloadsOf(logs: readonly Pick<IntegrationLog, '_id' | 'firstAttempt'>[]): Promise<string[]> {
    const further = await this.attempts
      .find({ logId: { $in: logs.map(({ _id }) => _id) } })
      .project<AttemptDocument>(PAYLOADS_ONLY)
      .hint('by_log')
      .toArray();
    const first = logs.flatMap(({ firstAttempt }) => (firstAttempt ? [firstAttempt] : []));
    return [...new Set([...first, ...further].flatMap(payloadIdsOf))];
  }
}

export const eventIdsOf = (logs: readonly { eventId: EventId | null }[]): EventId[] =>
  logs.flatMap(({ eventId }) => (eventId === null ? [] : [eventId]));
