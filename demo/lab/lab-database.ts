import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type Connection, createConnection, type Model, Schema, type SchemaDefinition } from 'mongoose';

/** Patients, orders, bills, reports. */
const LETTERS = ['P', 'O', 'B', 'R'] as const;
const CONNECT_TIMEOUT_MS = 10_000;

interface Counter {
  _id: string;
  last: number;
}

export const LAB_DATABASE_URI = Symbol('lab:database-uri');

/** The lab's own database. Waybill has another one and never looks in here: it asks the lab's intents. */
@Injectable()
export class LabDatabase implements OnModuleInit, OnApplicationShutdown {
  private readonly connection: Connection;
  private readonly counters: Model<Counter>;

  constructor(@Inject(LAB_DATABASE_URI) uri: string) {
    this.connection = createConnection(uri, { serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS });
    this.counters = this.model<Counter>('counters', { _id: String, last: Number });
  }

  async onModuleInit(): Promise<void> {
    await this.connection.asPromise();
    // Created here and never by an upsert: where two upserts race, some servers give both the same number.
    await this.counters.insertMany(LETTERS.map((_id) => ({ _id, last: 0 })));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  /** A collection whose documents have the lab's own ids as `_id`. */
  model<T extends { _id: string }>(
    collection: string,
    fields: Record<keyof T & string, SchemaDefinition[string]>,
    unique?: readonly (keyof T & string)[],
  ): Model<T> {
    const schema = new Schema(fields, { collection, versionKey: false });
    if (unique) schema.index(Object.fromEntries(unique.map((name) => [name, 1])), { unique: true });
    return this.connection.model<T>(collection, schema);
  }

  /** The next id of a kind, as people say it on the phone: `P-0001`, `P-0002`. */
  async nextId(letter: (typeof LETTERS)[number]): Promise<string> {
    const { last } = await this.counters
      .findOneAndUpdate({ _id: letter }, { $inc: { last: 1 } }, { returnDocument: 'after' })
      .orFail()
      .lean<Counter>();
    return `${letter}-${String(last).padStart(4, '0')}`;
  }
}
