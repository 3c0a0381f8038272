import axios from 'axios';
import { numberIn } from '../support/child-messages.js';
import { diceOf } from '../support/search/log-rows.js';
import { ROLLUP_QUERIES, SEARCHES, type SearchKind } from '../support/search/queries.js';
import { searchData } from '../support/search/search-data.js';
import { SearchSandbox } from '../support/search/search-sandbox.js';
import { Scope } from '../support/scope.js';
import { quantile, rounded } from '../support/statistics.js';
import { startApi, type WaybillApi } from '../support/waybill.js';
import type { PartEnvironment, PartResult, Row } from './part.js';

/** Of each kind of query. */
const QUERIES = 40;
const WARM_UP_QUERIES = 5;
const QUERY_TIMEOUT_MS = 30_000;
const REBUILD_TIMEOUT_MS = 3_600_000;
const SEED = 57;

/** (h): what support staff search for, in a million logs of eleven tenants, one of which has half of them. */
export function measureSearch({ services, progress, profileInto }: PartEnvironment): Promise<PartResult> {
  return Scope.run(async (scope) => {
    const sandbox = new SearchSandbox(services);
    scope.defer(() => sandbox.close());
    const api = await startApi(sandbox, scope, profileInto);
    const { newestMs } = await searchData(sandbox.connection, progress, async (fromMs, toMs) => {
      progress('Summing the logs up, once');
      const { seconds } = await api.child.call('rebuild', { fromMs, toMs }, REBUILD_TIMEOUT_MS).then((answer) => ({
        seconds: numberIn(answer, 'durationMs') / 1_000,
      }));
      progress(`Summed up in ${Math.round(seconds)} s`);
    });
    const searches = await measureAll(api, SEARCHES, newestMs, progress);
    const rollups = await measureAll(api, ROLLUP_QUERIES, newestMs, progress);
    return {
      figures: { searchP95Ms: p95Of(searches), rollupP95Ms: p95Of(rollups) },
      rows: [...searches, ...rollups],
      remarks: [
        `The lines of (h) are each ${QUERIES} queries over HTTP, one after the other; searchP95Ms and rollupP95Ms are over all of their kind.`,
        `The logs are kept in the database ${sandbox.name} for the next run; drop it to have them made anew.`,
      ],
    };
  });
}

async function measureAll(
  api: WaybillApi,
  kinds: readonly SearchKind[],
  newestMs: number,
  progress: (line: string) => void,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { label, path } of kinds) {
    const dice = diceOf(SEED);
    for (let count = 0; count < WARM_UP_QUERIES; count += 1) await timeOf(api, path(dice, newestMs));
    const times: number[] = [];
    for (let count = 0; count < QUERIES; count += 1) times.push(await timeOf(api, path(dice, newestMs)));
    progress(`(h) ${label}: p95 ${quantile(times, 0.95).toFixed(1)} ms`);
    rows.push({ label: `(h) ${label}`, rates: times, unit: 'ms', cpuMs: null });
  }
  return rows;
}

async function timeOf({ url, key }: WaybillApi, path: string): Promise<number> {
  const fromMs = performance.now();
  await axios.get(`${url}${path}`, { headers: { authorization: `Bearer ${key}` }, timeout: QUERY_TIMEOUT_MS });
  return performance.now() - fromMs;
}

const p95Of = (rows: readonly Row[]) =>
  rounded(
    quantile(
      rows.flatMap(({ rates }) => rates),
      0.95,
    ),
    1,
  );
