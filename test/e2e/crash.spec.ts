import { randomBytes } from 'node:crypto';
import { createConnection } from 'mongoose';
import { ServerProcess } from '../support/server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

const KEY = randomBytes(32).toString('base64');
const PASSWORD = 'planted-password-1';

/** Makes the server fail outside of everything that would catch it, with an error that holds its whole environment. */
const FAULTS = {
  SIGUSR2: `process.on('SIGUSR2', () => {
    throw Object.assign(new Error('planted: ' + process.env.MONGODB_URI), { env: process.env });
  });`,
  SIGHUP: `process.on('SIGHUP', () => {
    void Promise.reject(Object.assign(new Error('planted: ' + process.env.WAYBILL_SECRET_KEYS), { env: process.env }));
  });`,
  SIGUSR1: `process.on('SIGUSR1', () => { throw process.env; });`,
} as const;

describe('a server that crashes', () => {
  const database = freshDatabaseName('crash');
  const base = `${mongodbUri().replace(/\/$/, '')}/${database}`;
  const env = {
    // The only password that a server without authentication takes no notice of.
    MONGODB_URI: `${base}?tlsCertificateKeyFilePassword=${PASSWORD}`,
    REDIS_URL: redisUrl().replace('redis://', `redis://default:${PASSWORD}@`),
    WAYBILL_REDIS_PREFIX: freshPrefix('crash'),
    WAYBILL_SECRET_KEYS: `k1:${KEY}`,
    WAYBILL_ROLE: 'all',
  };

  afterAll(async () => {
    const connection = await createConnection(base).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });

  const requireNoSecrets = (output: string) => {
    for (const secret of [KEY, PASSWORD]) expect(output).not.toContain(secret);
  };

  it.each([
    ['an error that nobody caught', 'SIGUSR2', /Error: planted: mongodb:\/\/.*\*\*\*\n\s+at /],
    ['a rejection that nobody handled', 'SIGHUP', /Error: planted: k1:\*\*\*\n\s+at /],
    ['something thrown that is no error', 'SIGUSR1', /A object was thrown/],
  ] as const)('by %s ends with what it was, and without its settings', async (_what, signal, says) => {
    const server = await ServerProcess.start({
      ...env,
      NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(FAULTS[signal]).toString('base64')}`,
    });
    server.signal(signal);
    expect(await server.ended()).toBe(1);
    expect(server.said()).toMatch(says);
    expect(server.said()).toContain('Waybill has started');
    requireNoSecrets(server.said());
  });

  it.each([
    ['refuses the password', { MONGODB_URI: base.replace('mongodb://', `mongodb://someone:${PASSWORD}@`) }],
    ['is not there', { MONGODB_URI: `mongodb://someone:${PASSWORD}@127.0.0.1:1/x?serverSelectionTimeoutMS=200` }],
    ['has an address that cannot be read', { MONGODB_URI: `mongodb://someone:${PASSWORD}/@127.0.0.1:port/x` }],
    ['has a port that is none', { MONGODB_URI: `mongodb://someone:${PASSWORD}@127.0.0.1:99999/x` }],
    ['is a Redis with such an address', { REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:port` }],
    ['is a Redis with no address', { REDIS_URL: `${PASSWORD}@127.0.0.1` }],
  ])('at its start because a database %s says so without the password', async (_what, change) => {
    const refusal = await ServerProcess.start({ ...env, ...change }).then(
      () => 'not refused',
      (error: Error) => error.message,
    );
    expect(refusal).toMatch(/MongoDB|REDIS_URL|MONGODB_URI/);
    requireNoSecrets(refusal);
  });
});
