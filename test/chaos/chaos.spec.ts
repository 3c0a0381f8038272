import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { AttemptDocument, IntegrationLog } from '../../src/logging/integration-log.js';
import type { PrivateRedis } from '../../scripts/services/index.mjs';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import type { ServerProcess } from '../support/server-process.js';
import { mongodbUri, startPrivateRedis } from '../support/services.js';
import { startFleet } from './fleet.js';

/** How long the storm lasts. `npm run chaos` makes it long. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 20);
const CALLERS = 4;
const EMIT_EVERY_MS = 120;
const DISTURB_EVERY_MS = 2_500;
const CALM_MS = 150_000;
/** A call that came this long before a worker's end may have been without a record then: the slow vendor, and a write. */
const IN_FLIGHT_MS = 1_500;
const ACTION = {
  id: 900,
  name: 'sample.collected',
  contextFields: [{ name: 'sampleId', type: 'string', required: true }],
};

type Fleet = Awaited<ReturnType<typeof startFleet>>;

/**
 * A fleet of vendors with every bad habit under load, while workers are killed, Redis is flushed and killed, and MongoDB is
 * cut off. What was accepted must end, and what the vendors saw and what the logs say must agree.
 */
describe(`${SECONDS} seconds of chaos`, () => {
  let proxy: CuttableProxy;
  let redis: PrivateRedis;
  let intent: FakeVendor;
  let fleet: Fleet;
  let waybill: Installation;
  let workers: ServerProcess[];
  let inFlightAtKills = 0;

  beforeAll(async () => {
    [proxy, redis, intent, fleet] = await Promise.all([
      CuttableProxy.to(mongodbUri()),
      startPrivateRedis(),
      startFakeVendor(),
      startFleet(),
    ]);
    waybill = await Installation.start('chaos', {
      uriOf: (database) => `${proxy.uri(database)}?serverSelectionTimeoutMS=1000`,
      env: {
        REDIS_URL: redis.url,
        WAYBILL_RECONCILER_INTERVAL_MS: '500',
        WAYBILL_RECONCILER_GRACE_MS: '1000',
        WAYBILL_DELIVERY_TAKEOVER_AFTER_MS: '2000',
      },
    });
    intent.answer(({ json }) => ({ body: { sample: json } }));
    await waybill.call('POST', '/v1/tenants', { id: 'lab-1', name: 'Lab one' });
    await waybill.call('POST', '/v1/actions', { ...ACTION, intentUrl: intent.url });
    for (const { name, vendor } of fleet.vendors) {
      await waybill.call('POST', '/v1/integrations', {
        tenantId: 'lab-1',
        actionId: ACTION.id,
        name,
        vendor: name,
        endpoint: { url: vendor.url },
        timeoutMs: 3_000,
        ...(name === 'lying' ? { successRule: { expression: 'body.ok' } } : {}),
        retryPolicy: { maxAttempts: 6, baseDelayMs: 100, maxDelayMs: 1_000 },
        traffic: { breaker: { minCalls: 10, openMs: 1_000 } },
      });
    }
    workers = await Promise.all([startWorker(), startWorker()]);
  });

  afterAll(async () => {
    await waybill.close();
    await Promise.all([fleet.close(), intent.close(), proxy.cut(), redis.stop()]);
  });

  /** As its supervisor would: a worker does not start without MongoDB, and is started again. */
  const startWorker = async (): Promise<ServerProcess> => {
    const started = await eventually(
      () => waybill.startWorker().catch(() => null),
      (worker) => worker !== null,
      CALM_MS,
    );
    return started ?? startWorker();
  };

  /** A caller as it should be: what was not accepted is emitted again under the same key, also after the storm. */
  async function emitUntil(deadline: number, caller: number, accepted: Set<string>): Promise<void> {
    for (let number = 0; Date.now() < deadline; number += 1) {
      let refusal = '';
      const logIds = await eventually(
        () =>
          emit(`S-${caller}-${number}`).catch((error: unknown): string[] => {
            refusal = String(error);
            return [];
          }),
        (ids) => ids.length > 0,
        CALM_MS,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)} ${refusal}\n${await evidence()}`);
      });
      for (const logId of logIds) accepted.add(logId);
      await delay(EMIT_EVERY_MS);
    }
  }

  async function emit(sampleId: string): Promise<string[]> {
    const emitted = await waybill.call(
      'POST',
      '/v1/events',
      { action: ACTION.name, context: { tenantId: 'lab-1', sampleId } },
      { 'idempotency-key': sampleId },
    );
    const { deliveries }: { deliveries: { logId: string }[] } = JSON.parse(JSON.stringify(emitted));
    return deliveries.map(({ logId }) => logId);
  }

  /** What a person would look at where something does not end: Redis, and what the processes said. */
  async function evidence(): Promise<string> {
    const admin = new Redis(redis.url);
    const keys = (await admin.keys('*')).filter((name) => !name.includes(':events'));
    const values = await Promise.all(
      keys.map(async (name) => {
        const type = await admin.type(name);
        if (type === 'hash') return [name, await admin.hgetall(name)];
        if (type === 'zset') return [name, await admin.zrange(name, '0', '-1', 'WITHSCORES')];
        if (type === 'list') return [name, await admin.lrange(name, 0, -1)];
        return [name, type];
      }),
    );
    const [seconds] = await admin.time();
    await admin.quit();
    const said = [waybill.api, ...workers].map((one) => one.said().split('\n').slice(-30).join('\n'));
    return [`Redis at ${seconds}:`, ...values.map((value) => JSON.stringify(value)), ...said].join('\n');
  }

  const DISTURBANCES: readonly (() => Promise<unknown>)[] = [
    async () => {
      const since = Date.now() - IN_FLIGHT_MS;
      await workers.shift()?.end('SIGKILL');
      inFlightAtKills += fleet.vendors.flatMap(({ vendor }) =>
        vendor.requests.filter(({ receivedAt }) => receivedAt.getTime() >= since),
      ).length;
      workers.push(await startWorker());
    },
    async () => {
      const admin = new Redis(redis.url);
      await admin.flushall();
      await admin.quit();
    },
    async () => {
      await proxy.cut();
      await delay(800);
      await proxy.restore();
    },
    async () => {
      await redis.stop('SIGKILL');
      await delay(500);
      redis = await startPrivateRedis({ port: redis.port });
    },
  ];

  async function disturbUntil(deadline: number): Promise<void> {
    for (let turn = 0; Date.now() + DISTURB_EVERY_MS < deadline; turn += 1) {
      await delay(DISTURB_EVERY_MS);
      await DISTURBANCES[turn % DISTURBANCES.length]?.();
    }
  }

  it(
    'ends every accepted delivery, and the logs say what the vendors saw',
    async () => {
      const deadline = Date.now() + SECONDS * 1_000;
      const accepted = new Set<string>();
      await Promise.all([
        disturbUntil(deadline),
        ...Array.from({ length: CALLERS }, (_, caller) => emitUntil(deadline, caller, accepted)),
      ]);
      fleet.heal();

      const logs = waybill.mongo.collection<IntegrationLog>('integration_logs');
      const attempts = waybill.mongo.collection<AttemptDocument>('integration_attempts');
      await eventually(
        () => logs.find({ status: 'QUEUED' }).project({ _id: 1, integrationName: 1, nextAttemptAt: 1 }).toArray(),
        (queued) => queued.length === 0,
        CALM_MS,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await evidence()}`);
      });
      const all = await logs.find({}).toArray();
      expect(new Set(all.map(({ _id }) => String(_id)))).toEqual(accepted);
      expect(accepted.size).toBeGreaterThan(SECONDS);

      const further = await attempts.find({}).toArray();
      let unknown = 0;
      let duplicates = 0;
      let unrecorded = 0;
      for (const log of all) {
        const first = log.firstAttempt ? [{ ...log.firstAttempt, superseded: false }] : [];
        const tries = [...first, ...further.filter(({ logId }) => logId === log._id)];
        const vendor = fleet.vendors.find(({ name }) => name === log.vendor);
        const seen = vendor?.vendor.requests.filter(({ headers }) => headers['webhook-id'] === log._id).length ?? 0;
        const taken = vendor?.taken.get(log._id) ?? 0;
        unknown += tries.filter(({ outcome }) => outcome === 'unknown').length;
        const untold = Math.max(0, seen - tries.length);
        unrecorded += untold;
        duplicates += Math.max(0, taken - 1);
        // A success is one that the vendor has seen, and what it took twice had an outcome that we could not know.
        expect(log.status === 'SUCCESS' ? taken : 1).toBeGreaterThan(0);
        const unanswered = tries.filter(({ response, superseded }) => response === null || superseded).length;
        expect(taken - 1).toBeLessThanOrEqual(unanswered + untold);
        const answered = tries.filter(({ response }) => response !== null).length;
        expect(seen).toBeGreaterThanOrEqual(answered);
      }
      // A worker that is killed after its jobs were lost with Redis leaves no trace of the calls it was making.
      expect(unrecorded).toBeLessThanOrEqual(inFlightAtKills);
      const outcomes = {
        logs: all.length,
        failed: all.filter(({ status }) => status === 'FAIL').length,
        unknown,
        duplicates,
        unrecorded,
      };
      process.stdout.write(`chaos: ${JSON.stringify(outcomes)}\n`);
    },
    SECONDS * 1_000 + CALM_MS + 60_000,
  );
});
