import { Inject, Injectable } from '@nestjs/common';
import type { Model, QueryFilter } from 'mongoose';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Database } from '../storage/database.js';
import type { IntegrationLog } from './integration-log.js';
import { INTEGRATION_LOGS } from './integration-log.collection.js';
import type { LogCursor } from './integration-log.store.js';
import { LogOrigins } from './log-origins.js';
import type { LogSearchPlan } from './log-search.js';
import { withinSearchTime } from './search-time.js';

/** More are not counted: it would take ever longer. */
const MAX_COUNTED = 10_000;
/** Where more integrations have logs of what is searched for, a walk through all logs finds some soon. */
const MAX_PARTS = 20;
/** Of what each part would give if all gave the same: parts that have no more than that are asked once. */
const FIRST_SHARE = 2;

/** A search of one index, or one of several that together are the search. */
type Part = Pick<LogSearchPlan, 'filter' | 'index'>;

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
    return withinSearchTime(this.timeoutMs, async (maxTimeMS) => {
      const page = (part: Part, most: number) => this.page(part, after, most, maxTimeMS);
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
    const found = await withinSearchTime(this.timeoutMs, async (timeoutMs) => {
      const untilMs = performance.now() + timeoutMs;
      let counted = 0;
      for (const { filter, index } of parts) {
        const maxTimeMS = Math.max(1, Math.ceil(untilMs - performance.now()));
        const limit = MAX_COUNTED + 1 - counted;
        counted += await this.logs.countDocuments(filter, { limit, hint: index, maxTimeMS });
        if (counted > MAX_COUNTED) break;
      }
      return counted;
    });
    return { count: Math.min(found, MAX_COUNTED), capped: found > MAX_COUNTED };
  }

  /** None where no log can be found. */
  private async partsOf({ filter, index, origin, partIndex }: LogSearchPlan): Promise<Part[]> {
    if (!origin) return [{ filter, index }];
    const integrationIds = await this.origins.integrationsOf(origin, MAX_PARTS);
    if (integrationIds.length === 0) return [];
    if (integrationIds === 'many' || !partIndex) return [{ filter, index }];
    return integrationIds.map((integrationId) => ({ filter: { ...filter, integrationId }, index: partIndex }));
  }

  private page(
    { filter, index }: Part,
    after: LogCursor | null,
    limit: number,
    maxTimeMS: number,
  ): PromiseLike<IntegrationLog[]> {
    // A bound on the time alone can be looked up; with `$or` the database would read everything twice and sort it.
    const page: QueryFilter<IntegrationLog>[] = after
      ? [{ createdAt: { $lte: after.createdAt } }, { $nor: [{ createdAt: after.createdAt, _id: { $gte: after.id } }] }]
      : [];
    return this.logs
      .find({ $and: [filter, ...page] }, { firstAttempt: 0 }, { maxTimeMS })
      .sort({ createdAt: -1, _id: -1 })
      .hint(index)
      .limit(limit)
      .lean<IntegrationLog[]>();
  }
}

const newestOf = (parts: readonly IntegrationLog[][], limit: number): IntegrationLog[] =>
  parts.length === 1 ? (parts[0] ?? []) : parts.flat().toSorted(byAge).slice(0, limit);

/** Ids are compared as the database does. */
const byAge = (a: IntegrationLog, b: IntegrationLog) =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a._id < b._id ? 1 : -1);
