import { type Connection, createConnection } from 'mongoose';
import { COLLECTIONS } from '../../src/db/collections.js';
import { createIndexes } from '../../src/db/create-indexes.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const FAILED = { partialFilterExpression: { status: 'FAIL' } };

describe('the indexes at the start', () => {
  let connection: Connection;
  let host: TestHost | null;

  beforeEach(async () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('indexes')}`);
    connection = await createConnection(uri).asPromise();
    host = null;
  });

  afterEach(async () => {
    await host?.close();
    await connection.dropDatabase();
    await connection.close();
  });

  const start = async (indexes: 'auto' | 'check') => {
    host = await startTestHost({ role: 'api', settings: { mongodb: { connection, indexes } } });
  };

  const create = async () => {
    if (connection.db) await createIndexes(connection.db, COLLECTIONS);
  };

  const indexesOf = async (collection: string) =>
    (await connection.collection(collection).indexes()).map(({ name }) => name);

  it('are created in development', async () => {
    await start('auto');
    expect(await indexesOf('integration_logs')).toContain('newest');
  });

  it('are only checked in production: all that are missing are named, none is created', async () => {
    await expect(start('check')).rejects.toMatchObject({
      code: 'INDEXES_NOT_CURRENT',
      message: expect.stringMatching(/(?=.*secrets\.by_key is missing)(?=.*integration_logs\.newest is missing)/),
      remedy: expect.stringContaining('npm run db -- up'),
    });
    expect(await connection.db?.listCollections({ name: 'integration_logs' }).toArray()).toEqual([]);
    await create();
    await start('check');
  });

  it.each([
    ['other keys', { tenantId: 1, createdAt: 1 }, {}],
    ['no condition', { tenantId: 1, status: 1, createdAt: -1, _id: -1 }, {}],
    ['another order of its keys', { status: 1, tenantId: 1, createdAt: -1, _id: -1 }, FAILED],
  ])('stop the start in production where one has %s', async (_what, keys, options) => {
    await create();
    const logs = connection.collection('integration_logs');
    await logs.dropIndex('newest_failed');
    await logs.createIndex({ ...keys }, { ...options, name: 'newest_failed' });
    await expect(start('check')).rejects.toThrow(/: integration_logs\.newest_failed is different$/);
  });

  it('may be more than Waybill needs', async () => {
    await create();
    await connection.collection('integration_logs').createIndex({ vendor: 1 }, { name: 'by_hand' });
    await expect(start('check')).resolves.toBeUndefined();
  });
});
