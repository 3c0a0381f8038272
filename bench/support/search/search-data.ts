import type { Connection } from 'mongoose';
import { DAYS, diceOf, logRowOf, LOGS, originRows } from './log-rows.js';

const BATCH = 2_000;
const PROGRESS_EVERY = 50_000;
const SEED = 20_261_121;
const DAY_MS = 86_400_000;
/** Says how far the rows are made, and how new the newest can be. */
const MADE = 'bench_search_made';

interface SearchData {
  readonly count: number;
  readonly newestMs: number;
  readonly isSummedUp?: boolean;
}

/** The logs that are searched. They are made once, and used again by each later run. */
export async function searchData(
  connection: Connection,
  progress: (line: string) => void,
  sumUp: (fromMs: number, toMs: number) => Promise<void>,
): Promise<{ readonly newestMs: number }> {
  await connection.asPromise();
  const made = connection.collection<SearchData>(MADE);
  const data = (await made.findOne({ count: LOGS })) ?? (await makeLogs(connection, progress));
  if (!data.isSummedUp) {
    await sumUp(data.newestMs - (DAYS + 1) * DAY_MS, data.newestMs);
    await made.updateOne({ count: LOGS }, { $set: { isSummedUp: true } });
  }
  await noteOrigins(connection);
  return { newestMs: data.newestMs };
}

async function noteOrigins(connection: Connection): Promise<void> {
  const origins = connection.collection<ReturnType<typeof originRows>[number]>('log_origins');
  await origins.deleteMany({});
  await origins.insertMany(originRows());
}

async function makeLogs(connection: Connection, progress: (line: string) => void): Promise<SearchData> {
  const logs = connection.collection<ReturnType<typeof logRowOf>>('integration_logs');
  await logs.deleteMany({});
  const newestMs = Date.now();
  const dice = diceOf(SEED);
  progress(`Making ${LOGS.toLocaleString('en')} logs of ${DAYS} days, once`);
  for (let from = 0; from < LOGS; from += BATCH) {
    await logs.insertMany(
      Array.from({ length: BATCH }, (_, index) => logRowOf(from + index, dice, newestMs)),
      { ordered: false },
    );
    if ((from + BATCH) % PROGRESS_EVERY === 0) progress(`${(from + BATCH).toLocaleString('en')} logs are made`);
  }
  await connection.collection<SearchData>(MADE).insertOne({ count: LOGS, newestMs });
  return { count: LOGS, newestMs };
}
