import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Collection, type Connection, createConnection, type Model } from 'mongoose';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { CollectionSpec } from './collection.js';
import { DatabaseUnreachableError } from './database-unreachable.error.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** Waybill's MongoDB: its own connection, or the host's where the host gave one. */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly log = new Logger(Database.name);
  private readonly owned: boolean;
  readonly connection: Connection;

  constructor(@Inject(SETTINGS) settings: Settings) {
    const { connection, uri } = settings.mongodb;
    this.owned = connection === undefined;
    this.connection = connection ?? createConnection(uri ?? '', { serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS });
    // Without a listener, a connection error would end the process; each operation reports its own failure.
    this.connection.on('error', (error: Error) => this.log.error(`MongoDB: ${error.message}`));
  }

  /** Resolves once connected. @throws DatabaseUnreachableError */
  async ready(): Promise<void> {
    try {
      await this.connection.asPromise();
    } catch (error) {
      throw new DatabaseUnreachableError(error);
    }
  }

  /** One round trip, bounded: for the readiness check. */
  async ping(timeoutMs: number): Promise<void> {
    await this.connection.db?.command({ ping: 1 }, { timeoutMS: timeoutMs });
  }

  model<T>(spec: CollectionSpec<T>): Model<T> {
    return this.connection.models[spec.name] ?? this.connection.model<T>(spec.name, spec.schema);
  }

  /** The raw collection, for writes whose documents are ours and typed: mongoose's casting would cost more than the write. */
  collection<T extends object>(spec: CollectionSpec<T>): Collection<T> {
    return this.connection.collection<T>(spec.name);
  }

  /** Creates the collection's missing indexes; those that exist are left as they are. */
  async ensureIndexes<T>(spec: CollectionSpec<T>): Promise<void> {
    await this.ready();
    await this.model(spec).createIndexes();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.owned) await this.connection.close();
  }
}
