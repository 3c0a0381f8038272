import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { AttemptDocument, IntegrationLog } from '../../src/logging/integration-log.js';
import type { PrivateRedis } from '../../scripts/services/index.mjs';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import type { ServerProcess } from '../support/server-process.js';
import { startPrivateRedis } from '../support/services.js';
import { check } from './checker.js';
import { evidence } from './evidence.js';
import { type Fleet, startFleet } from './fleet.js';
import { Outages } from './outages.js';
import { UnsteadyMongodb } from './unsteady-mongodb.js';

/** How long the storm lasts, at least: each disturbance comes about once. `npm run chaos` makes it long. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 20);
const CALLERS = 4;
const EMIT_EVERY_MS = 120;
const DISTURB_EVERY_MS = 2_500;
const CALM_MS = 150_000;
const IS_LONG = SECONDS >= 120;
const SLOW_MS = IS_LONG ? 30_000 : 1_500;
/** Longer than Waybill waits for MongoDB, where there is time for it. */
const FROZEN_MS = IS_LONG ? 12_000 : 2_000;
const REDIS_AWAY_MS = 500;
const MONGODB_AWAY_MS = 1_000;
/** What the slow vendor's integration allows beyond what that takes. */
const CALL_MS = 5_000;
const LAST_RECORD_MS = 10_000;
/** A slot whose job was lost is found after 10 s; the other ways back are shorter. */
const RECOVERY_MS = 10_000;
/** After each round of disturbances all is well for so long, but for the vendors. */
const QUIET_MS = 5_000;
/** The longest that a delivery to a vendor in good health may take outside of outages: what Waybill itself calls late. */
const LATEST_MS = 60_000;
const ACTION = {
  id: 900,
  name: 'sample.collected',
  contextFields: [{ name: 'sampleId', type: 'string', required: true }],
};

/**
 * A fleet of vendors with every bad habit under load, while workers are killed, Redis is flushed, and Redis and MongoDB are
 * killed and started again, or stand still. What was accepted must end, and what the vendors saw and what the logs say must
 * agree.
 */
describe(`${SECONDS} seconds of chaos`, () => {
  let mongodb: UnsteadyMongodb;
  let redis: PrivateRedis;
  let intent: FakeVendor;
  let fleet: Fleet;
  let waybill: Installation;
  let workers: ServerProcess[];
  let turns = 0;
  const calm = new AbortController();
  const outages = new Outages(RECOVERY_MS);

  beforeAll(async () => {
    [mongodb, redis, intent, fleet] = await Promise.all([
      UnsteadyMongodb.start(),
      startPrivateRedis(),
      startFakeVendor(),
      startFleet({ slowMs: SLOW_MS }),
    ]);
    waybill = await Installation.start('chaos', {
      uriOf: (database) => `${mongodb.uri(database)}?serverSelectionTimeoutMS=1000`,
      directUri: mongodb.directUri,
      env: {
        REDIS_URL: redis.url,
        WAYBILL_RECONCILER_INTERVAL_MS: '500',
        WAYBILL_RECONCILER_GRACE_MS: '1000',
        WAYBILL_DELIVERY_TAKEOVER_AFTER_MS: '4000',
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
        timeoutMs: name === 'slow' ? SLOW_MS + CALL_MS : 3_000,
        ...(name === 'lying' ? { successRule: { expression: 'body.ok' } } : {}),
        retryPolicy: { maxAttempts: 6, baseDelayMs: 100, maxDelayMs: 1_000 },
        traffic: { breaker: { minCalls: 10, openMs: 1_000 } },
      });
    }
    workers = await Promise.all([startWorker(), startWorker()]);
  });

  afterAll(async () => {
    await waybill.close();
    await Promise.all([fleet.close(), intent.close(), mongodb.stop(), redis.stop()]);
  });

  /** As its supervisor would: a worker does not start without MongoDB, and is started again. */
  const startWorker = async (): Promise<ServerProcess> => {
    let refusal = '';
    const started = await eventually(
      () =>
        waybill.startWorker().catch((error: unknown) => {
          refusal = String(error);
          return null;
        }),
      (worker) => worker !== null,
      CALM_MS,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)} ${refusal}`);
    });
    return started ?? startWorker();
  };

  /** A caller as it should be: what was not accepted is emitted again under the same key, also after the storm. */
  async function emitUntilCalm(caller: number, accepted: Set<string>): Promise<void> {
    for (let number = 0; !calm.signal.aborted; number += 1) {
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
        throw new Error(`${String(error)} ${refusal}\n${await evidence(redis.url, [waybill.api, ...workers])}`);
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

  const DISTURBANCES: readonly (() => Promise<unknown>)[] = [
    () =>
      outages.during(async () => {
        await outages.losing(async () => workers.shift()?.end('SIGKILL'));
        workers.push(await startWorker());
      }),
    () =>
      outages.during(async () => {
        const admin = new Redis(redis.url);
        await outages.losing(() => admin.flushall());
        await admin.quit();
      }),
    () => outages.during(() => mongodb.freeze(FROZEN_MS)),
    () =>
      outages.during(async () => {
        await outages.losing(() => redis.stop('SIGKILL'));
        await delay(REDIS_AWAY_MS);
        redis = await startPrivateRedis({ port: redis.port });
      }),
    () => outages.during(() => mongodb.restart(MONGODB_AWAY_MS)),
  ];

  async function disturb(): Promise<void> {
    const deadline = Date.now() + SECONDS * 1_000;
    for (; turns < DISTURBANCES.length || Date.now() + DISTURB_EVERY_MS < deadline; turns += 1) {
      await delay(DISTURB_EVERY_MS);
      await DISTURBANCES[turns % DISTURBANCES.length]?.();
      if ((turns + 1) % DISTURBANCES.length === 0) await delay(RECOVERY_MS + QUIET_MS);
    }
    await delay(Math.max(0, deadline - Date.now()));
  }

  it(
    'ends every accepted delivery, and the logs say what the vendors saw',
    async () => {
      const accepted = new Set<string>();
      const parts = [
        disturb().finally(() => calm.abort()),
        ...Array.from({ length: CALLERS }, (_, caller) => emitUntilCalm(caller, accepted)),
      ];
      // Where one fails, the others end first: they would start processes that nobody ends.
      for (const part of await Promise.allSettled(parts)) if (part.status === 'rejected') throw part.reason;
      const healedAt = Date.now();
      fleet.heal();

      const logs = waybill.mongo.collection<IntegrationLog>('integration_logs');
      const attempts = waybill.mongo.collection<AttemptDocument>('integration_attempts');
      await eventually(
        () => logs.find({ status: 'QUEUED' }).project({ _id: 1, integrationName: 1, nextAttemptAt: 1 }).toArray(),
        (queued) => queued.length === 0,
        CALM_MS,
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await evidence(redis.url, [waybill.api, ...workers])}`);
      });
      const calmMs = Date.now() - healedAt;
      const all = await logs.find({}).toArray();
      expect(new Set(all.map(({ _id }) => String(_id)))).toEqual(accepted);
      expect(accepted.size).toBeGreaterThan(SECONDS);

      const account = async () =>
        check({
          logs: all,
          attempts: await attempts.find({}).toArray(),
          vendors: fleet.vendors,
          cutOff: (call) => outages.cutOff(call),
        });
      // A try that was taken over may still be at its vendor, and is on record a moment after it ends.
      await eventually(
        () => fleet.open(),
        (count) => count === 0,
        SLOW_MS + CALL_MS,
      );
      await eventually(account, ({ faults }) => faults.length === 0, LAST_RECORD_MS).catch(() => undefined);
      const { faults, ...counts } = await account();
      const ofGood = all.filter(({ vendor }) => vendor === 'good');
      expect(ofGood.filter(({ createdAt }) => !outages.cover(createdAt)).length).toBeGreaterThan(0);
      const latestOfGoodMs = Math.max(...ofGood.map((log) => outages.latenessOf(log)));
      const figures = {
        logs: all.length,
        ...counts,
        turns,
        mongodbRestarts: mongodb.restarts,
        calmMs,
        latestOfGoodMs,
      };
      process.stdout.write(`chaos: ${JSON.stringify(figures)}\n`);
      expect(faults).toEqual([]);
      expect(latestOfGoodMs).toBeLessThanOrEqual(LATEST_MS);
    },
    SECONDS * 1_000 + RECOVERY_MS + QUIET_MS + 2 * CALM_MS + 60_000,
  );
});
