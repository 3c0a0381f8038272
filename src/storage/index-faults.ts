import type { mongo } from 'mongoose';
import type { CollectionSpec, IndexSpec } from './collection.js';

export type AnyCollection = Pick<CollectionSpec<unknown>, 'name' | 'indexes'>;

/** An index that is not as its collection declares it. */
export interface IndexFault {
  readonly kind: 'missing' | 'different' | 'unknown';
  readonly collection: string;
  readonly index: string;
}

const NAMESPACE_NOT_FOUND = 26;
/** What makes two indexes of the same keys different ones. */
const OPTIONS = ['unique', 'sparse', 'expireAfterSeconds', 'partialFilterExpression'] as const;

/** Compares the indexes that are there with those that are declared. */
export async function indexFaultsOf(db: mongo.Db, collections: readonly AnyCollection[]): Promise<IndexFault[]> {
  const found = await Promise.all(collections.map(async (spec) => faultsIn(spec, await indexesOf(db, spec.name))));
  return found.flat();
}

function faultsIn(
  { name: collection, indexes }: AnyCollection,
  actual: readonly mongo.IndexDescriptionInfo[],
): IndexFault[] {
  const declared = indexes.flatMap((spec): IndexFault[] => {
    const there = actual.find(({ name }) => name === spec.name);
    if (!there) return [{ kind: 'missing', collection, index: spec.name }];
    return sameIndex(spec, there) ? [] : [{ kind: 'different', collection, index: spec.name }];
  });
  const unknown = actual
    .filter(({ name }) => name !== '_id_' && !indexes.some((spec) => spec.name === name))
    .map(({ name = '(without a name)' }): IndexFault => ({ kind: 'unknown', collection, index: name }));
  return [...declared, ...unknown];
}

/** None where there is no such collection. */
async function indexesOf(db: mongo.Db, collection: string): Promise<mongo.IndexDescriptionInfo[]> {
  try {
    return await db.collection(collection).indexes();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

/** The order of its keys is part of an index. */
function sameIndex({ keys, options = {} }: IndexSpec, actual: mongo.IndexDescriptionInfo): boolean {
  const there = new Map<string, unknown>(Object.entries(actual));
  const wanted = new Map<string, unknown>(Object.entries(options));
  return (
    JSON.stringify(keys) === JSON.stringify(actual.key) &&
    OPTIONS.every(
      (name) => JSON.stringify(wanted.get(name) || undefined) === JSON.stringify(there.get(name) || undefined),
    )
  );
}
