import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';

const HASH_CHARS = 8;

/**
 * What processes of one installation have in common: a spool is drained into the database that it was meant for. The name
 * of the database, for people, and a hash of where it is and of the Redis prefix.
 */
export function installationName(connection: Connection, redisPrefix: string): string {
  const { hosts, srvHost, dbName } = connection.getClient().options;
  const where = srvHost ?? hosts.map(String).toSorted().join();
  const hash = createHash('sha256').update(`${where}\0${redisPrefix}`).digest('hex').slice(0, HASH_CHARS);
  return `${(connection.name ?? dbName).replace(/[^\w-]/g, '_')}-${hash}`;
}
