import type { mongo } from 'mongoose';
import { type AnyCollection, indexFaultsOf } from '../storage/index-faults.js';
import { indexDescriptionOf } from '../storage/index-description.js';
import { reportProgress } from './progress.js';

const NAMESPACE_EXISTS = 48;

/** Creates the collections and indexes that are missing, one after the other; what exists is left as it is. */
export async function createIndexes(db: mongo.Db, collections: readonly AnyCollection[]): Promise<void> {
  await createCollections(db, collections);
  const missing = (await indexFaultsOf(db, collections)).filter(({ kind }) => kind === 'missing');
  for (const [done, { collection, index }] of missing.entries()) {
    const spec = collections.find(({ name }) => name === collection)?.indexes.find(({ name }) => name === index);
    if (!spec) continue;
    const startedAt = Date.now();
    await db.collection(collection).createIndexes([indexDescriptionOf(spec)]);
    reportProgress(`Index ${done + 1} of ${missing.length}: ${collection}.${index} (${Date.now() - startedAt} ms)`);
  }
}

async function createCollections(db: mongo.Db, collections: readonly AnyCollection[]): Promise<void> {
  const present = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const { name } of collections.filter((spec) => !present.has(spec.name))) {
    try {
      await db.createCollection(name);
    } catch (error) {
      // A process that starts at the same time may have written its first document.
      if (!(error instanceof Error && 'code' in error && error.code === NAMESPACE_EXISTS)) throw error;
    }
  }
}
