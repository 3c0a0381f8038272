import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { AppModule } from '../../src/app.module.js';
import { WaybillMetrics } from '../../src/index.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { TrafficService } from '../../src/scheduling/traffic.service.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { startServerHost } from '../support/server-host.js';
import { redisUrl, startPrivateRedis } from '../support/services.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const SIX_MINUTES_MS = 360_000;
const QUICK = { reconciler: { intervalMs: 200, graceMs: 200 } };

/** The value of a series as it is written: `name{label="value"}`. */
const valueIn = (text: string, series: string): number | null => {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
};

describe('GET /metrics', () => {
  let vendor: FakeVendor;
  let host: TestHost;

  beforeEach(async () => {
    vendor = await startFakeVendor();
  });

  afterEach(async () => {
    await host.close();
    await vendor.close();
  });

  const scrape = async () => (await host.http.get('/metrics').expect(200)).text;

  const emit = async (patientId = 'P-1') => {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId });
    return deliveries[0]?.logId ?? '';
  };

  it('counts webhooks by what became of them, and measures how soon they are acknowledged', async () => {
    host = await startServerHost();
    const { path } = await createSource(host);
    const body = JSON.stringify({ type: 'result.ready' });
    const headers = signed(body, 'msg_1');
    for (const status of [202, 202, 401]) {
      await host.http
        .post(path)
        .set(status === 401 ? {} : headers)
        .send(body)
        .expect(status);
    }
    await host.http.post('/hooks/nobody').send('{}').expect(404);
    const text = await scrape();
    expect(valueIn(text, 'waybill_webhooks_taken_total{outcome="new"}')).toBe(1);
    expect(valueIn(text, 'waybill_webhooks_taken_total{outcome="duplicate"}')).toBe(1);
    expect(valueIn(text, 'waybill_webhooks_refused_total{reason="WEBHOOK_REFUSED"}')).toBe(1);
    expect(valueIn(text, 'waybill_webhooks_refused_total{reason="HOOK_UNKNOWN"}')).toBe(1);
    expect(valueIn(text, 'waybill_webhook_acknowledge_seconds_count{mode="async"}')).toBe(2);
  });

  it('counts how deliveries end, and measures their tries', async () => {
    host = await startServerHost();
    vendor.answer(({ json }) => ({ status: JSON.stringify(json).includes('Rui') ? 422 : 200 }));
    host.patients.set('P-2', { id: 'P-2', name: 'Rui Matos', phone: '555-0102' });
    await host.createIntegration({ url: vendor.url });
    await host.waitForLog(await emit(), 'SUCCESS');
    await host.waitForLog(await emit(), 'SUCCESS');
    await host.waitForLog(await emit('P-2'), 'FAIL');
    const text = await eventually(
      scrape,
      (now) =>
        valueIn(now, 'waybill_deliveries_ended_total{status="SUCCESS",error_class="none"}') === 2 &&
        valueIn(now, 'waybill_deliveries_ended_total{status="FAIL",error_class="rejected"}') === 1,
    );
    expect(valueIn(text, 'waybill_try_duration_seconds_count{outcome="success",error_class="none"}')).toBe(2);
    expect(valueIn(text, 'waybill_try_duration_seconds_count{outcome="fail",error_class="rejected"}')).toBe(1);
    expect(valueIn(text, 'waybill_try_wait_seconds_count')).toBe(3);
    expect(valueIn(text, 'waybill_try_wait_seconds_bucket{le="60"}')).toBe(3);
    expect(text).not.toMatch(/lab-1|P-1|Ana|_[0-9a-f]{32}/);
  });

  it('counts a delivery that ended at the emit, because its filter could not be evaluated', async () => {
    host = await startServerHost({ role: 'api' });
    await host.createIntegration({ url: vendor.url, filter: '$error("no")' });
    await emit();
    expect(valueIn(await scrape(), 'waybill_deliveries_ended_total{status="FAIL",error_class="intent"}')).toBe(1);
  });

  it('tells what is late, what waits in the lanes, and which breakers are open', async () => {
    host = await startServerHost({ settings: QUICK });
    const breaker = { failureRatio: 0.5, minCalls: 2, windowMs: 60_000, openMs: 60_000 };
    await host.createIntegration({ url: vendor.url, traffic: { breaker, concurrency: 1 } });
    vendor.answer({ status: 500 });
    await Promise.all([emit(), emit(), emit(), emit()]);
    await eventually(scrape, (text) => valueIn(text, 'waybill_breakers_open') === 1);
    expect(valueIn(await scrape(), 'waybill_late_integrations')).toBe(0);
    const logs = host.find(Database).collection(INTEGRATION_LOGS);
    await logs.updateMany({ status: 'QUEUED' }, { $set: { nextAttemptAt: new Date(Date.now() - SIX_MINUTES_MS) } });
    const text = await eventually(scrape, (now) => valueIn(now, 'waybill_late_integrations') === 1);
    expect(valueIn(text, 'waybill_late_oldest_seconds')).toBeGreaterThan(300);
    expect(valueIn(text, 'waybill_lane_jobs{lane="delivery",state="delayed"}')).toBeGreaterThan(0);
    expect(valueIn(text, 'waybill_lane_jobs{lane="status",state="waiting"}')).toBe(0);
  });

  it('has what the rules of docs/operations.md alert on', async () => {
    host = await startServerHost();
    const page = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8');
    const [, rules = ''] = /```yaml\n(groups:[\s\S]*?)```/.exec(page) ?? [];
    const names = [...rules.matchAll(/\b((?:waybill|nodejs)_\w+?)(?:_bucket)?\b/g)].map(([, name]) => name);
    expect(names).toContain('waybill_webhooks_refused_total');
    const text = await scrape();
    expect(names.filter((name) => !text.includes(`\n# TYPE ${name} `))).toEqual([]);
  });

  it('says of a process that delivers nothing only what it knows', async () => {
    host = await startServerHost({ role: 'api' });
    const text = await scrape();
    expect(text).not.toMatch(/waybill_late|waybill_breakers/);
    expect(valueIn(text, 'waybill_log_entries_pending')).toBe(0);
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it('answers while Redis is away, without what Redis knows', async () => {
    const redis = await startPrivateRedis();
    host = await startServerHost({ role: 'api', settings: { redis: { url: redis.url, prefix: 'metrics' } } });
    expect(await scrape()).toContain('waybill_lane_jobs{');
    await redis.stop();
    expect(await scrape()).not.toContain('waybill_lane_jobs{');
    Object.assign(host.settings.redis, { url: redisUrl() });
  });

  it('tells how many deliveries others hold back, and for how long, but of none that a person has paused', async () => {
    host = await startServerHost({ settings: QUICK });
    vendor.answer({ status: 422 });
    const { _id } = await host.createIntegration({ url: vendor.url, traffic: { ordering: { by: 'patientId' } } });
    await host.waitForLog(await emit(), 'FAIL');
    expect(valueIn(await scrape(), 'waybill_held_deliveries')).toBe(0);
    await Promise.all([emit(), emit()]);
    await eventually(scrape, (text) => valueIn(text, 'waybill_held_deliveries') === 2);
    const logs = host.find(Database).collection(INTEGRATION_LOGS);
    await logs.updateMany({ status: 'QUEUED' }, { $set: { updatedAt: new Date(Date.now() - SIX_MINUTES_MS) } });
    const oldest = async () => valueIn(await scrape(), 'waybill_held_oldest_seconds') ?? 0;
    expect(await eventually(oldest, (seconds) => seconds > 300)).toBeLessThan(500);
    expect(valueIn(await scrape(), 'waybill_late_integrations')).toBe(0);
    await host.find(TrafficService).pause(LAB, _id, { by: 'test', reason: 'The vendor moves house' });
    await eventually(scrape, (text) => valueIn(text, 'waybill_held_deliveries') === 0);
  });

  it('tells which receivers of status updates are told late', async () => {
    host = await startServerHost({ settings: QUICK });
    const told = await startFakeVendor();
    told.answer(() => null);
    await host.createIntegration({ url: vendor.url, statusCallback: { url: told.url } });
    await host.waitForLog(await emit(), 'SUCCESS');
    await told.waitFor(1);
    expect(valueIn(await scrape(), 'waybill_late_callback_receivers')).toBe(0);
    const due = { 'callbacks.url.nextAt': new Date(Date.now() - SIX_MINUTES_MS) };
    await host.find(Database).collection(INTEGRATION_LOGS).updateMany({}, { $set: due });
    const text = await eventually(scrape, (now) => valueIn(now, 'waybill_late_callback_receivers') === 1);
    expect(valueIn(text, 'waybill_late_callback_oldest_seconds')).toBeGreaterThan(300);
    await told.close();
  });

  it('counts the log entries that are kept while MongoDB is away', async () => {
    host = await startServerHost();
    await host.createIntegration({ url: vendor.url });
    const { connection } = host.find(Database);
    vendor.answer(async () => {
      await connection.getClient().close();
      return { body: {} };
    });
    await emit();
    const queued = async () => valueIn(await scrape(), 'waybill_log_queue_entries');
    expect(await eventually(queued, (count) => count !== 0)).toBe(1);
    const text = await scrape();
    expect(valueIn(text, 'waybill_log_entries_pending')).toBe(0);
    expect(valueIn(text, 'waybill_log_spool_bytes')).toBe(0);
    expect(valueIn(text, 'waybill_log_entries_dropped_total')).toBe(0);
    const { body } = await host.http.get('/health/ready').expect(503);
    expect(body.unwritten).toEqual({ inMemory: 0, inQueue: 1, spoolBytes: 0, stuckSince: null, dropped: 0 });
  });

  it('is served by a worker that has a port, and nothing of the API with it', async () => {
    host = await startTestHost({ role: 'api' });
    const worker = await NestFactory.create(
      AppModule.forEnvironment({ role: 'worker', port: 0, logLevel: 'silent', trustProxy: 0, options: host.settings }),
      { logger: false },
    );
    try {
      await worker.listen(0, '127.0.0.1');
      const { text } = await supertest(worker.getHttpServer())
        .get('/metrics')
        .expect(200)
        .expect('content-type', /^text\/plain/);
      expect(valueIn(text, 'waybill_late_integrations')).toBe(0);
      await supertest(worker.getHttpServer()).get('/v1/logs').expect(404);
    } finally {
      await worker.close();
    }
  });

  it('leaves the address to a host that has its own, which merges them', async () => {
    host = await startTestHost({ metricsEndpoint: false });
    await host.http.get('/metrics').expect(404);
    const own = new Registry();
    const { registry } = host.find(WaybillMetrics);
    expect(await Registry.merge([own, registry]).metrics()).toContain('waybill_lane_jobs');
  });
});
