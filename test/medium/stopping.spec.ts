import { setTimeout as delay } from 'node:timers/promises';
import { RedisConnections } from '../../src/storage/redis-connections.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { startFakeVendor } from '../support/fake-vendor.js';
import { freshPrefix, redisUrl } from '../support/services.js';
import { LAB, startTestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const STOP_TIMEOUT_MS = 20_000;
const SOONER_MS = 10_000;
const SLOW_MS = 5_000;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

describe('a process that stops', () => {
  it('does not wait for a Redis that is away', async () => {
    const redis = await CuttableProxy.to(redisUrl());
    const host = await startTestHost({
      settings: {
        redis: { url: redis.uri(''), prefix: freshPrefix('stopping') },
        delivery: { stopTimeoutMs: STOP_TIMEOUT_MS },
      },
    });
    await redis.cut();
    const connection = host.find(RedisConnections).forQueues();
    await eventually(
      () => connection.status,
      (status) => status === 'reconnecting',
    );
    expect(await timed(() => host.close({ keepData: true }))).toBeLessThan(SOONER_MS);
    await redis.restore();
    await (await startTestHost({ settings: host.settings })).close();
    await redis.cut();
  });

  it('waits for its running calls as long as it was told, and ends then', async () => {
    const vendor = await startFakeVendor();
    vendor.answer(() => null);
    const host = await startTestHost({ settings: { delivery: { stopTimeoutMs: 1_000 } } });
    await host.createIntegration({ url: vendor.url, timeoutMs: 25_000 });
    await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    await vendor.waitFor(1);
    const ms = await timed(() => host.close());
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThan(SOONER_MS);
    await vendor.close();
  });

  it('lets a call end that ends in time, and records it', async () => {
    const vendor = await startFakeVendor();
    vendor.answer(() => delay(SLOW_MS, { body: { ok: true } }));
    const host = await startTestHost({ settings: { delivery: { stopTimeoutMs: STOP_TIMEOUT_MS } } });
    await host.createIntegration({ url: vendor.url, timeoutMs: 25_000 });
    await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    await vendor.waitFor(1);
    await host.close({ keepData: true });
    const next = await startTestHost({ role: 'api', settings: host.settings });
    expect(await next.logs()).toMatchObject([{ status: 'SUCCESS', attemptCount: 1 }]);
    expect(vendor.requests).toHaveLength(1);
    await next.close();
    await vendor.close();
  });
});
