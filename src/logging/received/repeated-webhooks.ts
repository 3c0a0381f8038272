import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { webhookLogIdFor } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import type { IntegrationLog } from '../integration-log.js';
import { INTEGRATION_LOGS } from '../integration-log.collection.js';
import type { OpenedEntry } from '../log-entry.js';
import { ReceivedRequestStore } from './received-request.store.js';

type Equal = Pick<IntegrationLog, '_id' | 'createdAt' | 'correlationId'>;

/**
 * Webhooks that were taken while MongoDB could not say whether an equal one was there. One that is there, and is so old
 * that its window had passed, was another: the new one is a log of its own.
 */
@Injectable()
export class RepeatedWebhooks {
  private readonly logs: Collection<IntegrationLog>;

  constructor(
    database: Database,
    private readonly received: ReceivedRequestStore,
  ) {
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  /** Of entries whose logs are there already, those that are others, under their own ids. */
  async among(entries: readonly OpenedEntry[]): Promise<OpenedEntry[]> {
    const webhooks = entries.filter(({ dedupeWindowMs }) => dedupeWindowMs !== undefined);
    if (webhooks.length === 0) return [];
    const equals = await this.logs
      .find({ _id: { $in: webhooks.map(({ log }) => log._id) } })
      .project<Equal>({ createdAt: 1, correlationId: 1 })
      .toArray();
    const byId = new Map(equals.map((equal) => [equal._id, equal]));
    return webhooks.flatMap((entry) => {
      const equal = byId.get(entry.log._id);
      return equal && isAnother(entry, equal) ? [this.anew(entry)] : [];
    });
  }

  private anew(entry: OpenedEntry): OpenedEntry {
    const { log, received = [] } = entry;
    const { integrationId, context } = log;
    if (!integrationId) return entry;
    const _id = webhookLogIdFor(integrationId, String(context['webhookId']), log._id);
    return { ...entry, log: { ...log, _id }, received: this.received.resealed(received, _id) };
  }
}

/** What was written twice has the same time and the same correlation. */
function isAnother({ log, dedupeWindowMs = 0 }: OpenedEntry, equal: Equal): boolean {
  const passedMs = log.createdAt.getTime() - equal.createdAt.getTime();
  return passedMs > 0 && passedMs >= dedupeWindowMs && log.correlationId !== equal.correlationId;
}
