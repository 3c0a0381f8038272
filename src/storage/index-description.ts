import type { mongo } from 'mongoose';
import type { IndexSpec } from './collection.js';

/** An index as MongoDB's `createIndexes` takes it. The order of the keys is kept. */
export const indexDescriptionOf = ({ name, keys, options }: IndexSpec): mongo.IndexDescription => ({
  ...options,
  key: new Map<string, mongo.IndexDirection>(Object.entries(keys)),
  name,
});
