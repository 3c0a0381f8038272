import type { Collection, mongo } from 'mongoose';
import { insertMissing } from '../storage/mongo-errors.js';

/**
 * Makes what a filter finds equal to the documents, so that doing it twice changes nothing. Who reads meanwhile sees the one or
 * the other of a document, and never none of a document that stays. Only one process may do this for one filter at a time.
 */
export async function replaceDocuments<T extends { readonly _id: string }>(
  collection: Collection<T>,
  where: { readonly filter: mongo.Filter<T>; readonly index: string },
  documents: readonly T[],
): Promise<void> {
  const before = new Set<string>();
  for await (const { _id } of collection
    .find<{ _id: string }>(where.filter, { projection: { _id: 1 } })
    .hint(where.index))
    before.add(_id);
  const now = new Set(documents.map(({ _id }) => _id));
  const [kept, fresh] = [
    documents.filter(({ _id }) => before.has(_id)),
    documents.filter(({ _id }) => !before.has(_id)),
  ];
  const gone = [...before].filter((id) => !now.has(id));
  const operations = [
    ...kept.map(({ _id, ...rest }) => ({ updateOne: { filter: { _id }, update: { $set: rest } } })),
    ...(gone.length > 0 ? [{ deleteMany: { filter: { _id: { $in: gone } } } }] : []),
  ];
  if (operations.length > 0) await Reflect.apply(collection.bulkWrite, collection, [operations, { ordered: false }]);
  if (fresh.length > 0)
    await insertMissing(() => Reflect.apply(collection.insertMany, collection, [fresh, { ordered: false }]));
}
