import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  type Collection,
  type Connection,
  createConnection,
  type Model,
  mongo,
  type QueryFilter,
  type Schema,
  type UpdateQuery,
} from 'mongoose';
import { bounded } from '../common/bounded.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { CollectionSpec } from './collection.js';
import { DatabaseUnreachableError } from './database-unreachable.error.js';
import { ended, makeOperationsEnd } from './ending-operations.js';
import { type AnyCollection, indexFaultsOf } from './index-faults.js';
import { inCommands } from './in-commands.js';
import { indexDescriptionOf } from './index-description.js';
import { IndexesNotCurrentError } from './indexes-not-current.error.js';
import { DUPLICATE_KEY } from './mongo-errors.js';

/** How long an operation waits for a server before it fails, where the URI does not say. */
const SERVER_SELECTION_TIMEOUT_MS = 5_000;
/** How long an operation that was sent waits for its answer: a connection can be lost without a sign. */
const SOCKET_TIMEOUT_MS = 30_000;
/** How long a connection may take to come about. */
const CONNECT_TIMEOUT_MS = 5_000;
/** How often the driver looks after its server. */
const HEARTBEAT_EVERY_MS = 2_000;
const WATCH_EVERY_MS = 1_000;
const REOPEN_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 5_000;

/** What is needed of a connection's `model`: checking its many overloads for each collection takes the compiler seconds. */
interface Models {
  model<T>(name: string, schema: Schema): Model<T>;
}

/** One update of one document, in the words of MongoDB's `update` command. */
export interface SingleUpdate<T> {
  readonly q: QueryFilter<T>;
  readonly u: UpdateQuery<T>;
}

/** What MongoDB says of a part of a command that it did not carry out. */
interface Refusal {
  /** Of the part. */
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

/** Waybill's MongoDB: its own connection, or the host's where the host gave one. */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly log = new Logger(Database.name);
  private readonly owned: boolean;
  private readonly uri: string;
  private readonly createsIndexes: boolean;
  /** The collections that this process uses: known before any of them is made ready. */
  private readonly used = new Map<string, AnyCollection>();
  private checking: Promise<void> | null = null;
  private readonly flushes: (() => Promise<unknown>)[] = [];
  private opening: Promise<Connection> | null = null;
  private closing = false;
  private watching: NodeJS.Timeout | undefined;
  private operationTimeoutMs = SOCKET_TIMEOUT_MS;
  private readonly ending = new WeakSet<object>();
  readonly connection: Connection;

  constructor(@Inject(SETTINGS) settings: Settings) {
    const { connection, uri, indexes } = settings.mongodb;
    this.owned = connection === undefined;
    this.uri = uri ?? '';
    this.createsIndexes = indexes === 'create' || (indexes === 'auto' && process.env['NODE_ENV'] !== 'production');
    this.connection = connection ?? createConnection();
    // Without a listener, a connection error would end the process; each operation reports its own failure.
    this.connection.on('error', (error: Error) => this.log.error(`MongoDB: ${error.message}`));
  }

  /** Resolves once connected; the first call connects. @throws DatabaseUnreachableError */
  async ready(): Promise<void> {
    try {
      this.opening ??= this.owned ? this.open() : this.connection.asPromise();
      const { socketTimeoutMS } = (await this.opening).getClient().options;
      this.operationTimeoutMs = socketTimeoutMS || SOCKET_TIMEOUT_MS;
    } catch (error) {
      throw new DatabaseUnreachableError(error);
    }
  }

  /** One round trip, bounded: for the readiness check. */
  async ping(timeoutMs: number): Promise<void> {
    await this.connection.db?.command({ ping: 1, maxTimeMS: timeoutMs });
  }

  model<T>(spec: CollectionSpec<T>): Model<T> {
    this.used.set(spec.name, spec);
    const models: Models = this.connection;
    const model: Model<T> = this.connection.models[spec.name] ?? models.model(spec.name, spec.schema);
    this.makeEnd(model.collection);
    return model;
  }

  /** The raw collection, for writes whose documents are ours and typed: mongoose's casting would cost more than the write. */
  collection<T extends object>(spec: CollectionSpec<T>): Collection<T> {
    this.used.set(spec.name, spec);
    const collection = this.connection.collection<T>(spec.name);
    this.makeEnd(collection);
    return collection;
  }

  /**
   * Sends updates that do not depend on each other as one command, and answers with how many found their document. The
   * driver's `bulkWrite` would serialise each of them twice. All of them must fit into one document of MongoDB, which is 16 MiB.
   * @throws MongoServerError the first refusal, after all others were tried.
   */
  async updateEach<T>(spec: CollectionSpec<T>, updates: readonly SingleUpdate<T>[]): Promise<number> {
    const { count, refusals } = await this.write({ update: spec.name, updates });
    const [refusal] = refusals;
    if (refusal) throw refusalError(refusal);
    return count;
  }

  /**
   * Sends documents with deterministic ids as commands, for the same reason, and answers with the positions of those that
   * were there already, which stay as they are. `bytesOf`: at least what a document takes as BSON.
   * @throws MongoServerError the first other refusal, after all others of its command were tried.
   */
  async insertEach<T extends object>(
    spec: CollectionSpec<T>,
    documents: readonly T[],
    bytesOf: (document: T) => number,
  ): Promise<ReadonlySet<number>> {
    const there = new Set<number>();
    let start = 0;
    for (const command of inCommands(documents, bytesOf)) {
      const { refusals } = await this.write({ insert: spec.name, documents: command });
      const other = refusals.find(({ code }) => code !== DUPLICATE_KEY);
      if (other) throw refusalError(other);
      for (const { index } of refusals) there.add(start + index);
      start += command.length;
    }
    return there;
  }

  /**
   * Creates the collection's missing indexes, and leaves those that exist as they are; or, where `mongodb.indexes` says so,
   * creates none and checks those of all collections.
   * @throws IndexesNotCurrentError naming all that are missing or different.
   */
  async ensureIndexes<T>(spec: CollectionSpec<T>): Promise<void> {
    await this.ready();
    if (this.createsIndexes) await this.createIndexes(spec);
    else await (this.checking ??= this.checkIndexes());
  }

  /** What must be written before the connection closes. */
  beforeClose(flush: () => Promise<unknown>): void {
    this.flushes.push(flush);
  }

  /** Once each: a collection is one object, however often it is asked for. */
  private makeEnd(collection: { readonly name: string }): void {
    if (this.ending.has(collection)) return;
    this.ending.add(collection);
    makeOperationsEnd(collection, () => this.operationTimeoutMs);
  }

  /** One unordered command; whatever it was refused is in the answer. */
  private async write(command: mongo.Document): Promise<{ count: number; refusals: readonly Refusal[] }> {
    const { db } = this.connection;
    const writing = db?.command({ ...command, ordered: false, ...asCommandField(db.writeConcern) });
    const answer = await (writing && ended(writing, this.operationTimeoutMs, 'A write'));
    const unconfirmed: Omit<Refusal, 'index'> | undefined = answer?.['writeConcernError'];
    if (unconfirmed) throw unconfirmedError(unconfirmed);
    return { count: answer?.['n'] ?? 0, refusals: answer?.['writeErrors'] ?? [] };
  }

  /** By one command, which takes a third of the time of one for each. */
  private async createIndexes({ name, indexes }: AnyCollection): Promise<void> {
    if (indexes.length > 0) await this.connection.collection(name).createIndexes(indexes.map(indexDescriptionOf));
  }

  private async checkIndexes(): Promise<void> {
    const { db } = this.connection;
    const found = db ? await indexFaultsOf(db, [...this.used.values()]) : [];
    const faults = found.filter(({ kind }) => kind !== 'unknown');
    if (faults.length > 0) throw new IndexesNotCurrentError(faults);
  }

  private async open(): Promise<Connection> {
    const opened = await open(this.connection, this.uri);
    const client = opened.getClient();
    const { heartbeatFrequencyMS, connectTimeoutMS } = client.options;
    // A heartbeat is answered within the time between two, or fails within that of a connection.
    const stuckMs = heartbeatFrequencyMS + connectTimeoutMS + WATCH_EVERY_MS;
    let beatAt = performance.now();
    let lookedAt = performance.now();
    client.on('serverHeartbeatStarted', () => (beatAt = performance.now()));
    clearInterval(this.watching);
    this.watching = setInterval(() => {
      const now = performance.now();
      const stoodStill = now - lookedAt - WATCH_EVERY_MS; // this process, and so its driver
      if (stoodStill > WATCH_EVERY_MS) beatAt += stoodStill;
      lookedAt = now;
      if (now - beatAt > stuckMs) void this.reopen();
    }, WATCH_EVERY_MS).unref();
    return opened;
  }

  /**
   * The driver looks after its server by a heartbeat, and one that is written while its connection closes is never
   * answered (mongodb 7.8): then the driver would never connect again.
   */
  private async reopen(): Promise<void> {
    clearInterval(this.watching);
    this.log.error(`MongoDB: the driver has stopped looking for its server; connecting anew`);
    await this.close();
    this.opening = this.open();
    await bounded(this.opening, REOPEN_TIMEOUT_MS, 'Connecting anew').catch((error: unknown) => {
      this.log.error(`MongoDB: ${String(error)}`);
      // A connection that hangs while it comes about would be all that the next try finds.
      void this.connection
        .getClient()
        .close(true)
        .catch(() => undefined);
      if (!this.closing) this.watching = setInterval(() => void this.reopen(), WATCH_EVERY_MS).unref();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing = true;
    clearInterval(this.watching);
    await Promise.all(this.flushes.map((flush) => flush()));
    if (this.owned) await this.close();
  }

  private async close(): Promise<void> {
    await bounded(this.connection.close(), CLOSE_TIMEOUT_MS, 'Closing the connection').catch(() => undefined);
  }
}

/** The driver's own object has its options under further names, which a server does not know. */
function asCommandField({ w, journal: j, wtimeoutMS: wtimeout }: mongo.WriteConcern = {}) {
  const fields = Object.entries({ w, j, wtimeout }).filter(([, value]) => value !== undefined);
  return fields.length === 0 ? {} : { writeConcern: Object.fromEntries(fields) };
}

const refusalError = ({ errmsg, code }: Refusal) => new mongo.MongoServerError({ message: errmsg, code });

/** It is done, but may be undone by a failover. To do it again does no harm, and so is what its label asks for. */
const unconfirmedError = ({ errmsg, code }: Omit<Refusal, 'index'>) =>
  new mongo.MongoServerError({ message: errmsg, code, errorLabels: [mongo.MongoErrorLabel.RetryableWriteError] });

function open(connection: Connection, uri: string): Promise<Connection> {
  const selection = uri.includes('serverSelectionTimeoutMS=')
    ? {}
    : { serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS };
  const socket = uri.includes('socketTimeoutMS=') ? {} : { socketTimeoutMS: SOCKET_TIMEOUT_MS };
  const connecting = uri.includes('connectTimeoutMS=') ? {} : { connectTimeoutMS: CONNECT_TIMEOUT_MS };
  const heartbeat = uri.includes('heartbeatFrequencyMS=') ? {} : { heartbeatFrequencyMS: HEARTBEAT_EVERY_MS };
  // A server on its own would acknowledge what is in its memory only; most replica sets do no less by default.
  const durable = /[?&](w|journal)=/.test(uri) ? {} : { writeConcern: { w: 'majority' as const } };
  // The driver waits for a server by itself, in bounds; mongoose's own buffer in front of it would wait 10 s more.
  return connection.openUri(uri, {
    bufferCommands: false,
    ...selection,
    ...socket,
    ...connecting,
    ...heartbeat,
    ...durable,
  });
}
