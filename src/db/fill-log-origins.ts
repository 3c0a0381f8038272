import type { mongo } from 'mongoose';
import { LOG_ORIGINS, type LogOrigin, originIdOf } from '../logging/log-origin.collection.js';
import { INTEGRATION_LOGS } from '../logging/integration-log.collection.js';
import { insertMissing } from '../storage/mongo-errors.js';
import { reportProgress } from './progress.js';

const BATCH_SIZE = 2_000;
const PROGRESS_EVERY = 500_000;

/** Notes where the logs come from that were written before that was noted. */
export async function fillLogOrigins(db: mongo.Db): Promise<void> {
  const origins = db.collection<LogOrigin>(LOG_ORIGINS.name);
  const logs = db
    .collection(INTEGRATION_LOGS.name)
    .find({}, { batchSize: BATCH_SIZE })
    .project<Omit<LogOrigin, '_id'>>({ _id: 0, tenantId: 1, integrationId: 1, vendor: 1, actionId: 1, direction: 1 });
  const known = new Set<string>();
  let read = 0;
  for await (const log of logs) {
    read += 1;
    if (read % PROGRESS_EVERY === 0) reportProgress(`Where logs come from: ${read} were read`);
    const _id = originIdOf(log);
    if (known.has(_id)) continue;
    known.add(_id);
    await insertMissing(() => origins.insertOne({ _id, ...log }));
  }
}
