import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { type Connection, createConnection } from 'mongoose';
import type { IntegrationId } from '../../src/common/ids.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { ApiClient } from '../support/api-client.js';
import { aLog } from '../support/log-rows.js';
import { startServerHost } from '../support/server-host.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import type { TestHost } from '../support/test-host.js';

const ROWS = 20_000;
const PAGES = ROWS / 500;
/** Together far more than the sockets between two processes hold. */
const MESSAGE = 'x'.repeat(1_000);
const STILL_FOR_MS = 500;

describe('an export of the logs', () => {
  let connection: Connection;
  let host: TestHost;
  let key: string;
  let lab: ApiClient;
  let integrationId: IntegrationId;
  let finds = 0;

  beforeAll(async () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('export')}`);
    connection = await createConnection(uri, { monitorCommands: true, bufferCommands: false }).asPromise();
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      // Sweeps in the background look over all tenants.
      const isOfTenant = JSON.stringify(command['filter'] ?? null).includes('"tenantId"');
      if (commandName === 'find' && command['find'] === 'integration_logs' && isOfTenant) finds += 1;
    });
    host = await startServerHost({ role: 'api', settings: { mongodb: { connection } } });
    key = await host.createKey();
    lab = new ApiClient(host, key);
    integrationId = (await host.createIntegration({ url: 'http://127.0.0.1:9/' }))._id;
    const rows = Array.from({ length: ROWS }, (_, index) =>
      aLog({
        integrationId,
        vendor: 'Many',
        createdAt: new Date(1_700_000_000_000 + Math.floor(index / 3)),
        status: 'FAIL',
        errorClass: 'rejected',
        errorCode: 'HTTP_422',
        errorMessage: MESSAGE,
      }),
    );
    await host.find(IntegrationLogStore).insertQueued(rows);
    await host.find(IntegrationLogStore).insertQueued([
      aLog({
        integrationId,
        vendor: 'Sly',
        status: 'FAIL',
        errorClass: 'rejected',
        errorCode: '@SUM(A1)',
        errorMessage: '=HYPERLINK("http://evil.example", "a,b")\nnext line',
        extracts: { ref: '+1' },
      }),
    ]);
  });

  afterAll(async () => {
    await host.close();
    await connection.dropDatabase();
    await connection.close();
  });

  beforeEach(() => {
    finds = 0;
  });

  const open = (query: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(`${host.url}/v1/logs/export?${query}`, { headers: { authorization: `Bearer ${key}` } }, resolve).on(
        'error',
        reject,
      );
    });

  /** Resolves with the number of pages that were read, once no more are. */
  async function pagesWhenStill(): Promise<number> {
    for (;;) {
      const before = finds;
      await delay(STILL_FOR_MS);
      if (finds === before && finds > 0) return finds;
    }
  }

  it.each([
    ['csv', 'text/csv', ROWS + 1, (body: string) => body.split('\r\n').slice(1)],
    ['ndjson', 'application/x-ndjson', ROWS, (body: string) => body.split('\n')],
  ])('has every log once, newest first, as %s', async (format, type, lines, recordsOf) => {
    const response = await open(`format=${format}&vendor=Many`);
    expect(response.headers['content-type']).toContain(type);
    const body = await text(response);
    expect(body.trimEnd().split('\n')).toHaveLength(lines);
    const ids = recordsOf(body).flatMap((record) => /log_[0-9a-f]{32}/.exec(record) ?? []);
    expect(new Set(ids).size).toBe(ROWS);
    expect(ids).toEqual(ids.toSorted().toReversed());
  });

  it('reads no further than its reader does, and goes on with it', async () => {
    const response = await open('format=ndjson&vendor=Many');
    response.pause();
    const read = await pagesWhenStill();
    expect(read).toBeLessThan(PAGES * 0.75);
    expect((await text(response)).trimEnd().split('\n')).toHaveLength(ROWS);
    expect(finds).toBe(PAGES);
  });

  it('ends where its reader goes away', async () => {
    const response = await open('format=csv&vendor=Many');
    response.on('error', () => undefined);
    response.once('data', () => response.destroy());
    expect(await pagesWhenStill()).toBeLessThan(PAGES * 0.75);
    await lab.get('/v1/logs?limit=1').expect(200);
  });

  it('has formulas as text, with a header that stays', async () => {
    const { text: body } = await lab.get('/v1/logs/export?format=csv&vendor=Sly').expect(200);
    const [header, ...records] = body.split('\r\n');
    expect(header).toBe(
      'id,createdAt,status,errorClass,errorCode,errorMessage,direction,actionId,actionName,integrationId,integrationName,' +
        'vendor,attemptCount,nextAttemptAt,completedAt,occurredAt,eventId,correlationId,parentLogId,context,extracts',
    );
    expect(records[0]).toContain(`,'@SUM(A1),"'=HYPERLINK(""http://evil.example"", ""a,b"")\nnext line",outbound,57,`);
  });

  it('says where it was cut, and goes on from there', async () => {
    const small = await startServerHost({ role: 'api', settings: { ...host.settings, limits: { exportRows: 700 } } });
    try {
      const client = new ApiClient(small, key);
      const { text: first } = await client.get('/v1/logs/export?format=ndjson&vendor=Many').expect(200);
      const records = first.trimEnd().split('\n');
      expect(records).toHaveLength(701);
      const { note } = JSON.parse(records.at(-1) ?? '');
      const [, cursor] = /cursor=(\S+)/.exec(note) ?? [];
      const { text: second } = await client.get(`/v1/logs/export?format=csv&vendor=Many&cursor=${cursor}`).expect(200);
      const lines = second.trimEnd().split('\r\n');
      expect(lines.at(-1)).toMatch(/^# Cut after 700 logs/);
      const ids = (body: string) => body.match(/log_[0-9a-f]{32}/g) ?? [];
      expect(new Set([...ids(first), ...ids(second)]).size).toBe(1_400);
    } finally {
      await small.close({ keepData: true });
    }
  });

  it.each([
    ['', 'format'],
    ['format=xlsx', 'format'],
    ['format=csv&status=LOST', 'status'],
    ['format=csv&cursor=nonsense', 'cursor'],
  ])('refuses "%s"', async (query, field) => {
    const { body } = await lab.get(`/v1/logs/export?${query}`).expect(400);
    expect(body.faults?.[0].field).toBe(field);
  });

  it("holds nothing of another tenant's", async () => {
    await host.createTenant('lab-2');
    const other = new ApiClient(host, await host.createKey('lab-2'));
    expect((await other.get('/v1/logs/export?format=ndjson').expect(200)).text ?? '').toBe('');
  });
});
