import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { PrivateRedis } from '../../scripts/services/index.mjs';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import type { ServerProcess } from '../support/server-process.js';
import { startPrivateRedis } from '../support/services.js';

/** `npm run chaos` makes it long. */
const FLOOD = process.env['CHAOS_SECONDS'] === undefined ? 3_000 : 100_000;
const BATCH = 1_000;
const EMITTERS = 4;
/** Of nine events in ten; one in ten may meet a machine that is busy with something else. */
const MAX_DELAY_MS = 2_000;
const MOST_DELAY_MS = 6_000;
const REST_MS = 100;
const LOOK_EVERY_MS = 100;
/** A window of 1,000 tries is one key; each job in the lane is two at the most, and so are the delayed ones. */
const MAX_KEYS = 1_000;
const MAX_GROWTH_BYTES = 8 * 1_048_576;
const FLOOD_TIMEOUT_MS = 60_000 + FLOOD * 10;
const SINGLE_TIMEOUT_MS = 30_000;
/** So long after the last emit the other tenant goes on, beside what is left of the flood. */
const BACKLOG_MS = 10_000;

interface Observed {
  keys: number;
  bytes: number;
}

describe(`a tenant that emits ${FLOOD} events at once`, () => {
  let redis: PrivateRedis;
  let intent: FakeVendor;
  let flooded: FakeVendor;
  let other: FakeVendor;
  let waybill: Installation;
  let workers: ServerProcess[];
  let arrived = 0;
  let endsAt = Number.POSITIVE_INFINITY;

  beforeAll(async () => {
    [redis, intent, flooded, other] = await Promise.all([
      startPrivateRedis(),
      startFakeVendor({ forgetful: true }),
      startFakeVendor({ forgetful: true }),
      startFakeVendor(),
    ]);
    intent.answer({ body: {} });
    flooded.answer(() => {
      arrived += 1;
      return { status: 200 };
    });
    waybill = await Installation.start('flood', { env: { REDIS_URL: redis.url } });
    const contextFields = [{ name: 'number', type: 'number', required: true }];
    await waybill.call('POST', '/v1/actions', { id: 900, name: 'sample.moved', contextFields, intentUrl: intent.url });
    for (const [tenantId, vendor] of Object.entries({ flooding: flooded, other })) {
      await waybill.call('POST', '/v1/tenants', { id: tenantId, name: tenantId });
      await waybill.call('POST', '/v1/integrations', {
        tenantId,
        actionId: 900,
        name: 'Board',
        vendor: 'Board',
        endpoint: { url: vendor.url },
        mapping: '{ "number": context.number }',
      });
    }
    workers = await Promise.all([waybill.startWorker(), waybill.startWorker()]);
    await waybill.call('POST', '/v1/events', eventOf('other', 0));
    await other.waitFor(1, SINGLE_TIMEOUT_MS);
  });

  afterAll(async () => {
    await waybill.close();
    await Promise.all([intent.close(), flooded.close(), other.close(), redis.stop()]);
  });

  const eventOf = (tenantId: string, number: number) => ({ action: 900, context: { tenantId, number } });

  async function flood(): Promise<void> {
    let next = 0;
    const emitBatches = async () => {
      while (next < FLOOD) {
        const from = next;
        next += BATCH;
        const events = Array.from({ length: BATCH }, (_, index) => eventOf('flooding', from + index));
        expect(await waybill.call('POST', '/v1/events/batch', { events })).toMatchObject({ accepted: BATCH });
      }
    };
    await Promise.all(Array.from({ length: EMITTERS }, emitBatches));
  }

  const isPassing = () => arrived < FLOOD && Date.now() < endsAt;

  /** From the emit to the arrival, of one event after the other until the flood is over. */
  async function singleEvents(): Promise<number[]> {
    const delays: number[] = [];
    while (isPassing()) {
      const emittedAt = Date.now();
      await waybill.call('POST', '/v1/events', eventOf('other', delays.length));
      const received = await other.waitFor(delays.length + 2, SINGLE_TIMEOUT_MS).catch((error: unknown) => {
        throw new Error([String(error), waybill.api.said(), ...workers.map((one) => one.said())].join('\n'));
      });
      delays.push((received[delays.length + 1]?.receivedAt.getTime() ?? 0) - emittedAt);
      await delay(REST_MS);
    }
    return delays;
  }

  /** The most that was in Redis until the flood was over. */
  async function watchRedis(): Promise<{ before: Observed; most: Observed }> {
    const client = new Redis(redis.url);
    const look = async (): Promise<Observed> => {
      const [keys, memory] = await Promise.all([client.dbsize(), client.info('memory')]);
      return { keys, bytes: Number(/used_memory:(\d+)/.exec(memory)?.[1]) };
    };
    const before = await look();
    const most = { ...before };
    while (isPassing()) {
      const { keys, bytes } = await look();
      most.keys = Math.max(most.keys, keys);
      most.bytes = Math.max(most.bytes, bytes);
      await delay(LOOK_EVERY_MS);
    }
    await client.quit();
    return { before, most };
  }

  it(
    'delays no event of another tenant, and does not fill Redis',
    async () => {
      const startedAt = Date.now();
      const emitting = flood().then(() => {
        endsAt = Date.now() + BACKLOG_MS;
        return Date.now() - startedAt;
      });
      const [delays, { before, most }, emittedMs] = await Promise.all([singleEvents(), watchRedis(), emitting]);
      const sorted = delays.toSorted((a, b) => a - b);
      const figures = {
        flood: FLOOD,
        arrived,
        emittedMs,
        singles: delays.length,
        medianMs: sorted[Math.floor(sorted.length / 2)],
        p90Ms: sorted[Math.floor(sorted.length * 0.9)],
        mostMs: sorted.at(-1),
        keys: most.keys,
        grownBytes: most.bytes - before.bytes,
      };
      process.stdout.write(`flood: ${JSON.stringify(figures)}\n`);
      expect(arrived).toBeGreaterThan(0);
      expect(delays.length).toBeGreaterThan(5);
      expect(figures.p90Ms).toBeLessThan(MAX_DELAY_MS);
      expect(figures.mostMs).toBeLessThan(MOST_DELAY_MS);
      expect(figures.keys).toBeLessThan(MAX_KEYS);
      expect(figures.grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
    },
    FLOOD_TIMEOUT_MS + 2 * SINGLE_TIMEOUT_MS,
  );
});
