import { Inject, Injectable } from '@nestjs/common';
import type { Model, QueryFilter } from 'mongoose';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Database } from '../storage/database.js';
import type { IntegrationLog } from './integration-log.js';
import { INTEGRATION_LOGS } from './integration-log.collection.js';
import type { LogCursor } from './integration-log.store.js';
import { LogOrigins } from './log-origins.js';
import type { LogSearchPlan } from './log-search.js';
import { windowsBefore } from './log-windows.js';
import { withinSearchTime } from './search-time.js';

/** More are not counted: it would take ever longer. */
const MAX_COUNTED = 10_000;
/** Where more integrations have logs of what is searched for, a walk through all logs finds some soon. */
const MAX_PARTS = 20;
/** Of what each part would give if all gave the same: parts that have no more than that are asked once. */
const FIRST_SHARE = 2;

/** A search of one index, or one of several that together are the search. */
type Part = Omit<LogSearchPlan, 'origin' | 'partIndex'>;
type Filter = QueryFilter<IntegrationLog>;

/**
 * Indexes of a list of values. Where a time bounds what is looked up in one of them, DocumentDB reads all of it and sorts, so
 * that each further page would take as long as all that follow: they are searched by windows of time.
 */
const OF_MANY_VALUES = new Set(['newest_of_key', 'newest_of_error']);

/** Finds the logs of a search. */
@Injectable()
export class LogFinder {
  private readonly logs: Model<IntegrationLog>;
  private readonly timeoutMs: number;

  constructor(
    database: Database,
    private readonly origins: LogOrigins,
    @Inject(SETTINGS) { limits }: Settings,
  ) {
    this.logs = database.model(INTEGRATION_LOGS);
    this.timeoutMs = limits.searchTimeoutMs;
  }

  /** Newest first, without what was sent and received. @throws SearchTooSlowError */
  async list(plan: LogSearchPlan, after: LogCursor | null, limit: number): Promise<IntegrationLog[]> {
    const parts = await this.partsOf(plan);
    const first = Math.min(limit, Math.ceil((FIRST_SHARE * limit) / Math.max(parts.length, 1)));
    return withinSearchTime(this.timeoutMs, async (leftMs) => {
      const page = (part: Part, most: number) => this.page(part, after, most, leftMs);
      const found = await Promise.all(parts.map((part) => page(part, first)));
      const last = newestOf(found, limit)[limit - 1];
      const whole = parts.map(async (part, index) => {
        const logs = found[index] ?? [];
        const end = logs.length === first && first < limit ? logs.at(-1) : undefined;
        return end && (!last || byAge(end, last) < 0) ? page(part, limit) : logs;
      });
      return newestOf(await Promise.all(whole), limit);
    });
  }

  /** How many a search finds, up to a number that can be counted soon. @throws SearchTooSlowError */
  async count(plan: LogSearchPlan): Promise<{ count: number; capped: boolean }> {
    const parts = await this.partsOf(plan);
    const found = await withinSearchTime(this.timeoutMs, async (leftMs) => {
      let counted = 0;
      for (const { filter, index } of parts) {
        const limit = MAX_COUNTED + 1 - counted;
        counted += await this.logs.countDocuments(filter, { limit, hint: index, maxTimeMS: leftMs() });
        if (counted > MAX_COUNTED) break;
      }
      return counted;
    });
    return { count: Math.min(found, MAX_COUNTED), capped: found > MAX_COUNTED };
  }

  /** None where no log can be found. */
  private async partsOf({ origin, partIndex, ...whole }: LogSearchPlan): Promise<Part[]> {
    if (!origin) return [whole];
    const integrationIds = await this.origins.integrationsOf(origin, MAX_PARTS);
    if (integrationIds.length === 0) return [];
    if (integrationIds === 'many' || !partIndex) return [whole];
    return integrationIds.map((integrationId) => ({
      ...whole,
      filter: { ...whole.filter, integrationId },
      index: partIndex,
    }));
  }

  private async page(part: Part, after: LogCursor | null, limit: number, leftMs: () => number) {
    const { filter, index, from = null, to = null } = part;
    // A bound on the time alone can be looked up; with `$or` the database would read everything twice and sort it.
    const page: Filter[] = after ? [filter, { createdAt: { $lte: after.createdAt } }, behind(after)] : [filter];
    if (!OF_MANY_VALUES.has(index) || !(after ?? from ?? to)) return this.find(page, index, limit, leftMs());
    const found: IntegrationLog[] = [];
    for (const createdAt of windowsBefore(after?.createdAt ?? to, from)) {
      found.push(...(await this.find([...page, { createdAt }], index, limit - found.length, leftMs())));
      if (found.length === limit) break;
    }
    return found;
  }

  private find($and: Filter[], index: string, limit: number, maxTimeMS: number): PromiseLike<IntegrationLog[]> {
    return this.logs
      .find({ $and }, { firstAttempt: 0 }, { maxTimeMS })
      .sort({ createdAt: -1, _id: -1 })
      .hint(index)
      .limit(limit)
      .lean<IntegrationLog[]>();
  }
}

const behind = ({ createdAt, id }: LogCursor): Filter => ({ $nor: [{ createdAt, _id: { $gte: id } }] });

const newestOf = (parts: readonly IntegrationLog[][], limit: number): IntegrationLog[] =>
  parts.length === 1 ? (parts[0] ?? []) : parts.flat().toSorted(byAge).slice(0, limit);

/** Ids are compared as the database does. */
const byAge = (a: IntegrationLog, b: IntegrationLog) =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a._id < b._id ? 1 : -1);
