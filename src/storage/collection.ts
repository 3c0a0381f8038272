import { type IndexOptions, Schema, type SchemaDefinition } from 'mongoose';

export interface IndexSpec {
  /** What its queries ask for it by: which index serves a query is decided here, not by the database's guess. */
  readonly name: string;
  readonly keys: Readonly<Record<string, 1 | -1>>;
  readonly options?: Omit<IndexOptions, 'name' | 'unique'> & { readonly unique?: boolean };
  /** The query that needs it. An index that serves none is a cost without a use. */
  readonly serves: string;
}

/** A collection with its fields and indexes in one place; `T` is the type of its documents. */
export interface CollectionSpec<T> {
  readonly name: string;
  readonly schema: Schema;
  readonly indexes: readonly IndexSpec[];
  /** Carries the document type only; never set. */
  readonly documentType?: T;
}

export function defineCollection<T>(spec: {
  name: string;
  fields: Record<keyof T & string, SchemaDefinition[string]>;
  indexes: readonly IndexSpec[];
}): CollectionSpec<T> {
  const schema = new Schema(spec.fields, {
    collection: spec.name,
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    minimize: false,
    strict: 'throw',
  });
  for (const { name, keys, options } of spec.indexes) schema.index(keys, { ...options, name });
  return { name: spec.name, schema, indexes: spec.indexes };
}
