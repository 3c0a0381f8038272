/** What is used of migrate-mongo: its published types name another copy of the driver than mongoose has. */
declare module 'migrate-mongo' {
  import type { mongo } from 'mongoose';

  export const config: {
    set(config: { migrationsDir: string; migrationFileExtension: string; changelogCollectionName: string }): void;
  };

  /** `appliedAt` is `PENDING` or a time as JSON. */
  export function status(db: mongo.Db): Promise<{ fileName: string; appliedAt: string }[]>;

  /** Applies what is pending, in the order of the files' names. */
  export function up(db: mongo.Db, client: mongo.MongoClient): Promise<string[]>;
}
