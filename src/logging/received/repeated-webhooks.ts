import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { type LogId, webhookLogIdFor } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import type { IntegrationLog } from '../integration-log.js';
import { INTEGRATION_LOGS } from '../integration-log.collection.js';
import type { OpenedEntry } from '../log-entry.js';
import { FirstHandling } from './first-handling.js';
import { RepeatCounts } from './repeat-counts.js';
import { ReceivedRequestStore } from './received-request.store.js';

type Equal = Pick<IntegrationLog, '_id' | 'createdAt' | 'correlationId'>;

/** Which event of which source. */
type OneOf = Pick<IntegrationLog, '_id' | 'tenantId' | 'integrationId' | 'context'>;

const EQUAL = { createdAt: 1, correlationId: 1 };

/**
 * Webhooks of an event that has come before. One that comes after the window of the newest of them is another: a log of its
 * own, whose id follows from that one's.
 */
@Injectable()
export class RepeatedWebhooks {
  private readonly logs: Collection<IntegrationLog>;

  constructor(
    database: Database,
    private readonly received: ReceivedRequestStore,
    private readonly firstHandling: FirstHandling,
    private readonly counts: RepeatCounts,
  ) {
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  /** The newest log of the event, replays apart. One that was erased is known by nothing but its id. */
  async newestOf({ _id, tenantId, integrationId, context }: OneOf): Promise<Equal | null> {
    const contextKeys = `webhookId=${String(context['webhookId'])}`;
    const [own, [newest = null]] = await Promise.all([
      this.logs.findOne<Equal>({ _id }, { projection: EQUAL }),
      this.logs
        .find({ tenantId, contextKeys, integrationId, parentLogId: null })
        .project<Equal>(EQUAL)
        .sort({ createdAt: -1, _id: -1 })
        .hint('newest_of_key')
        .limit(1)
        .toArray(),
    ]);
    return own && newest && own.createdAt > newest.createdAt ? own : (newest ?? own);
  }

  /**
   * Of entries that were taken while MongoDB could not say whether an equal one was there, and whose logs are there now,
   * those that are others, under their own ids; the copies among them are counted.
   */
  async among(entries: readonly OpenedEntry[]): Promise<OpenedEntry[]> {
    const others: OpenedEntry[] = [];
    for (const entry of entries.filter(({ dedupeWindowMs }) => dedupeWindowMs !== undefined)) {
      const newest = await this.newestOf(entry.log);
      if (!newest || isSame(entry, newest)) continue;
      if (isAnother(entry, newest)) others.push(this.anew(entry, newest._id));
      else this.counts.add(newest._id, entry.log.createdAt);
    }
    return others;
  }

  /** A database that was no longer waited for may have taken them nevertheless, marked as worked on at once. */
  async leaveToWorkers(entries: readonly OpenedEntry[]): Promise<void> {
    const kept = entries.filter(({ log, dedupeWindowMs }) => dedupeWindowMs !== undefined && log.madeBy === undefined);
    await this.firstHandling.leaveToWorkers(kept.map(({ log }) => log));
  }

  private anew(entry: OpenedEntry, after: LogId): OpenedEntry {
    const { log, received = [] } = entry;
    const { integrationId, context } = log;
    if (!integrationId) return entry;
    const _id = webhookLogIdFor(integrationId, String(context['webhookId']), after);
    return { ...entry, log: { ...log, _id }, received: this.received.resealed(received, _id) };
  }
}

/** It was written twice. */
const isSame = ({ log }: OpenedEntry, { createdAt, correlationId }: Equal) =>
  log.createdAt.getTime() === createdAt.getTime() && log.correlationId === correlationId;

/** What was written twice has the same time and the same correlation. */
function isAnother({ log, dedupeWindowMs = 0 }: OpenedEntry, equal: Equal): boolean {
  const passedMs = log.createdAt.getTime() - equal.createdAt.getTime();
  return passedMs > 0 && passedMs >= dedupeWindowMs && log.correlationId !== equal.correlationId;
}
