import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { isRecord } from '../../src/common/primitives.js';
import { resolveSettings } from '../../src/config/settings.js';
import { defineCollection } from '../../src/storage/collection.js';
import { Database } from '../../src/storage/database.js';
import { isDatabaseUnavailable } from '../../src/storage/mongo-errors.js';
import { freshDatabaseName, mongodbUri, redisUrl } from '../support/services.js';

interface Thing {
  _id: string;
  name: string;
}

const THINGS = defineCollection<Thing>({
  name: 'things',
  fields: { _id: String, name: String },
  indexes: [],
});
const SOCKET_TIMEOUT_MS = 500;

describe('an operation that is written while its connection closes', () => {
  const sockets = new Set<Socket>();
  const remember = (message: unknown) => {
    if (isRecord(message) && message['socket'] instanceof Socket) sockets.add(message['socket']);
  };
  let database: Database;

  beforeEach(async () => {
    subscribe('net.client.socket', remember);
    const uri = mongodbUri().replace(/\/?$/, `/${freshDatabaseName('operations')}`);
    const options = `monitorCommands=true&socketTimeoutMS=${SOCKET_TIMEOUT_MS}`;
    database = new Database(
      resolveSettings({
        mongodb: { uri: `${uri}?${options}` },
        redis: { url: redisUrl() },
        secretKeys: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      }),
    );
    await database.ready();
    await database.collection(THINGS).insertMany(['a', 'b', 'c'].map((_id) => ({ _id, name: _id })));
  });

  afterEach(async () => {
    await database.connection.dropDatabase();
    await database.onApplicationShutdown();
    unsubscribe('net.client.socket', remember);
    sockets.clear();
  });

  /** The driver (mongodb 7.8) waits for a destroyed socket to drain, which no option of it bounds. */
  const closeUnder = (command: string) =>
    new Promise<void>((resolve) => {
      const client = database.connection.getClient();
      client.on('commandStarted', function close({ commandName }) {
        if (commandName !== command) return;
        client.off('commandStarted', close);
        for (const socket of sockets) socket.destroy();
        resolve();
      });
    });

  it.each([
    {
      what: 'an update',
      command: 'update',
      operate: () => database.collection(THINGS).updateOne({ _id: 'a' }, { $set: { name: 'A' } }),
    },
    { what: 'a find of one', command: 'find', operate: () => database.collection(THINGS).findOne({ _id: 'a' }) },
    { what: 'a find of many', command: 'find', operate: () => database.collection(THINGS).find().toArray() },
    {
      what: 'a further page',
      command: 'getMore',
      operate: () => database.collection(THINGS).find().batchSize(2).toArray(),
    },
    { what: 'a count', command: 'aggregate', operate: () => database.collection(THINGS).countDocuments() },
    { what: 'a query of a model', command: 'find', operate: () => database.model(THINGS).find().lean().exec() },
    {
      what: 'a document of a model',
      command: 'insert',
      operate: () => database.model(THINGS).create({ _id: 'd', name: 'd' }),
    },
    {
      what: 'a command',
      command: 'insert',
      operate: () => database.insertEach(THINGS, [{ _id: 'd', name: 'd' }], () => 100),
    },
    {
      what: 'an index',
      command: 'createIndexes',
      operate: () => database.collection(THINGS).createIndexes([{ key: { name: 1 } }]),
    },
  ])('ends as one of a database that is away: $what', async ({ command, operate }) => {
    const closed = closeUnder(command);
    const outcome = operate().then(
      () => 'answered',
      (error: unknown) => error,
    );
    await closed;
    const ended = await outcome;
    expect(ended === 'answered' || isDatabaseUnavailable(ended)).toBe(true);
  });
});
