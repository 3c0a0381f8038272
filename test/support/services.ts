import { randomBytes } from 'node:crypto';
import { startMongodb, startRedis, type PrivateMongodb, type PrivateRedis } from '../../scripts/services/index.mjs';

/** The MongoDB of this test run. Take a database of your own in it: {@link freshDatabaseName}. */
export function mongodbUri(): string {
  return fromEnvironment('MONGODB_URI');
}

/** The Redis of this test run. Take a key prefix of your own in it: {@link freshPrefix}. */
export function redisUrl(): string {
  return fromEnvironment('REDIS_URL');
}

/** A database name that no other test file and no other run uses. MongoDB allows 63 bytes, of which the label gets 40. */
export function freshDatabaseName(label: string): string {
  return `test_${slug(label)}_${suffix()}`;
}

/** A prefix for Redis keys and BullMQ queues that no other test file and no other run uses. */
export function freshPrefix(label: string): string {
  return `test-${slug(label)}-${suffix()}`;
}

/**
 * One more redis-server, empty, for a test that flushes or kills its Redis. Stop it when the test ends. With the port of
 * one that was stopped it comes back where that was.
 */
export async function startPrivateRedis(options: { port?: number } = {}): Promise<PrivateRedis> {
  return startRedis(options);
}

/**
 * One more MongoDB, for a test that kills it and starts it again. It may hold the databases of the other one too: take
 * one of your own, and drop it. `null` where `MONGODB_URI` names a server that the test run did not start.
 */
export async function startPrivateMongodb(): Promise<PrivateMongodb | null> {
  return startMongodb();
}

function fromEnvironment(name: 'MONGODB_URI' | 'REDIS_URL'): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new Error(
      `${name} is not set. Tests that need it belong in test/medium or test/e2e, whose jest projects start the services. ` +
        'To use your own: npm run services -- up prints the line to export.',
    );
  }
  return value;
}

function slug(label: string): string {
  return label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 40);
}

function suffix(): string {
  return `${process.pid.toString(36)}${randomBytes(4).toString('hex')}`;
}
