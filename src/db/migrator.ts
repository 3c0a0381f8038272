import { extname } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { config, status, up } from 'migrate-mongo';
import type { mongo } from 'mongoose';
import { BUCKET } from '../logging/payloads/payload-files.js';
import { Database } from '../storage/database.js';
import { type IndexFault, indexFaultsOf } from '../storage/index-faults.js';
import { COLLECTIONS } from './collections.js';
import { createIndexes } from './create-indexes.js';
import { LOCK_COLLECTION, MigrationLock } from './migration-lock.js';
import { reportProgress } from './progress.js';

/** Where the migrations are, and what their files end with. */
export interface MigrationFiles {
  readonly directory: string;
  readonly extension: string;
}

export const MIGRATION_FILES = Symbol.for('waybill:migration-files');

export interface MigrationState {
  readonly name: string;
  /** `null`: it is pending. */
  readonly appliedAt: string | null;
}

export interface DatabaseState {
  readonly indexes: readonly IndexFault[];
  readonly missingCollections: readonly string[];
  /** Not Waybill's. A host may keep its own in the same database. */
  readonly otherCollections: readonly string[];
}

const CHANGELOG_COLLECTION = 'migrations';
const OWN_COLLECTIONS = new Set([
  CHANGELOG_COLLECTION,
  LOCK_COLLECTION,
  `${BUCKET}.files`,
  `${BUCKET}.chunks`,
  ...COLLECTIONS.map(({ name }) => name),
]);

const withoutExtension = (fileName: string) => fileName.slice(0, -extname(fileName).length);

/** Brings the database to the state that this version needs, by migrate-mongo. */
@Injectable()
export class Migrator {
  constructor(
    private readonly database: Database,
    @Inject(MIGRATION_FILES) private readonly files: MigrationFiles,
  ) {}

  /** In the order in which they are applied. */
  async status(): Promise<MigrationState[]> {
    const found = await status(await this.open());
    return found.map(({ fileName, appliedAt }) => ({
      name: withoutExtension(fileName),
      appliedAt: appliedAt === 'PENDING' ? null : appliedAt,
    }));
  }

  /**
   * Applies what is pending, then creates the indexes that a version has added since. Of several that do it at once one
   * works, the others wait and find nothing left to do; it may be broken off and repeated.
   */
  async up(onWait: (holder: string) => void): Promise<string[]> {
    const db = await this.open();
    const client = this.database.connection.getClient();
    return new MigrationLock(db.collection(LOCK_COLLECTION)).hold(async () => {
      const applied = await up(db, client);
      for (const name of applied) reportProgress(`Applied ${withoutExtension(name)}`);
      await createIndexes(db, COLLECTIONS);
      return applied;
    }, onWait);
  }

  async check(): Promise<DatabaseState> {
    const db = await this.open();
    const present = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    return {
      indexes: await indexFaultsOf(db, COLLECTIONS),
      missingCollections: COLLECTIONS.map(({ name }) => name).filter((name) => !present.includes(name)),
      otherCollections: present.filter((name) => !OWN_COLLECTIONS.has(name) && !name.startsWith('system.')).sort(),
    };
  }

  private async open(): Promise<mongo.Db> {
    await this.database.ready();
    const { db } = this.database.connection;
    if (!db) throw new Error('The connection to MongoDB names no database');
    config.set({
      migrationsDir: this.files.directory,
      migrationFileExtension: this.files.extension,
      changelogCollectionName: CHANGELOG_COLLECTION,
    });
    return db;
  }
}
