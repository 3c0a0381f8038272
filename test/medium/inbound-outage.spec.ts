import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

@Injectable()
class Results {
  readonly calls: { body: { sampleId: string }; webhook: ReceivedWebhook }[] = [];

  @InboundWebhook('acme-lab', '*')
  onResult(body: { sampleId: string }, webhook: ReceivedWebhook): void {
    this.calls.push({ body, webhook });
  }
}

/** The first call finds out that the database is away; those after it wait for each of what they need once at the most. */
const FIRST_WITHIN_MS = 6_000;
const THEN_WITHIN_MS = 2_500;
const SOONER_THAN_TAKEN_OVER_MS = 20_000;

describe('webhooks while MongoDB is away', () => {
  let mongo: CuttableProxy;
  let redis: CuttableProxy;
  let dir: string;
  let host: TestHost;
  let results: Results;

  beforeEach(async () => {
    [mongo, redis] = await Promise.all([CuttableProxy.to(mongodbUri()), CuttableProxy.to(redisUrl())]);
    dir = await mkdtemp(join(tmpdir(), 'waybill-spool-'));
    host = await startTestHost({
      settings: {
        mongodb: { uri: `${mongo.uri(freshDatabaseName('inbound_away'))}?heartbeatFrequencyMS=500` },
        redis: { url: redis.uri(''), prefix: freshPrefix('inbound-away') },
        spool: { dir: join(dir, 'spool') },
        reconciler: { intervalMs: 200, graceMs: 200 },
      },
      imports: [WaybillModule.forFeature({ handlers: [Results] })],
    });
    results = host.find(Results);
  });

  afterEach(async () => {
    await mongo.cut();
    await mongo.restore();
    await host.close();
    await Promise.all([mongo.cut(), redis.cut()]);
    await rm(dir, { recursive: true });
  });

  const post = (path: string, sampleId: string, id?: string) => {
    const body = JSON.stringify({ type: 'result.ready', sampleId });
    return host.http.post(path).set(signed(body, id)).send(body);
  };

  async function known(partial: Parameters<typeof createSource>[1] = {}): Promise<string> {
    const { path } = await createSource(host, partial);
    const { body } = await post(path, 'S-0', 'msg_0').expect(202);
    await host.waitForLog(body.id, 'SUCCESS');
    results.calls.length = 0;
    return path;
  }

  const timed = async <T>(work: () => PromiseLike<T>): Promise<{ ms: number; answer: T }> => {
    const startedMs = performance.now();
    const answer = await work();
    return { ms: performance.now() - startedMs, answer };
  };

  const outages = [
    { away: 'gone', leave: () => mongo.cut(), comeBack: () => mongo.restore() },
    {
      away: 'standing still',
      leave: () => Promise.resolve(mongo.freeze()),
      comeBack: () => Promise.resolve(mongo.thaw()),
    },
  ];

  it.each(outages)(
    'are acknowledged at once where it is $away, and worked on when it is back',
    async ({ leave, comeBack }) => {
      const path = await known();
      await leave();
      const first = await timed(() => post(path, 'S-1', 'msg_1'));
      expect(first.answer.status).toBe(202);
      expect(first.ms).toBeLessThan(FIRST_WITHIN_MS);
      const others = await Promise.all(
        ['S-2', 'S-3', 'S-3', 'S-3'].map((sample) => timed(() => post(path, sample, `msg_${sample}`))),
      );
      expect(others.map(({ answer }) => answer.status)).toEqual([202, 202, 202, 202]);
      expect(Math.max(...others.map(({ ms }) => ms))).toBeLessThan(THEN_WITHIN_MS);
      expect(results.calls).toHaveLength(0);
      await comeBack();
      await host.waitForLog(first.answer.body.id, 'SUCCESS', 40_000);
      for (const { answer } of others) await host.waitForLog(answer.body.id, 'SUCCESS', 40_000);
      expect(results.calls.map(({ body }) => body.sampleId).toSorted()).toEqual(['S-1', 'S-2', 'S-3']);
      // What came before it was away is still known.
      await post(path, 'S-0', 'msg_0').expect(202);
      const again = await post(path, 'S-1', 'msg_1').expect(202);
      expect(again.body.id).toBe(first.answer.body.id);
      const logs = await eventually(
        () => host.logs(),
        (found) => found.filter(({ repeats }) => repeats).length === 3,
      );
      const counts = logs.map(({ context, repeats }) => `${String(context['webhookId'])}: ${repeats?.count ?? 0}`);
      expect(counts.toSorted()).toEqual(['msg_0: 1', 'msg_1: 1', 'msg_S-2: 0', 'msg_S-3: 2']);
    },
  );

  it.each(outages)(
    'are handled by a worker where it is $away and their source is sync',
    async ({ leave, comeBack }) => {
      const { path } = await createSource(host, { mode: 'sync' });
      await post(path, 'S-0').expect(204);
      results.calls.length = 0;
      await leave();
      const { body } = await post(path, 'S-1').expect(202);
      await comeBack();
      // Nobody works on it at once: no worker waits for that.
      const log = await host.waitForLog(body.id, 'SUCCESS', SOONER_THAN_TAKEN_OVER_MS);
      expect(log).toMatchObject({ attemptCount: 1, firstAttempt: { outcome: 'success' } });
      expect(results.calls).toHaveLength(1);
    },
  );

  it('are another event where their window has passed, also if they come meanwhile', async () => {
    const path = await known({ dedupeWindowMs: 1 });
    await mongo.cut();
    await post(path, 'S-0', 'msg_0').expect(202);
    await mongo.restore();
    await eventually(
      () => Promise.resolve(results.calls.length),
      (count) => count === 1,
      40_000,
    );
    const logs = await host.logs();
    expect(logs).toHaveLength(2);
    expect(results.calls[0]?.webhook.idempotencyKey).toBe(logs[0]?._id);
    await host.waitForLog(logs[0]?._id ?? '', 'SUCCESS');
  });

  it('are not taken where nothing durable takes them, and are told to come again', async () => {
    const path = await known();
    await Promise.all([mongo.cut(), redis.cut()]);
    await rm(join(dir, 'spool'), { recursive: true, force: true });
    await writeFile(join(dir, 'spool'), 'no folder');
    const { headers, body } = await post(path, 'S-1', 'msg_1').expect(503);
    expect(body.code).toBe('WEBHOOK_NOT_RECORDED');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await Promise.all([mongo.restore(), redis.restore()]);
    const taken = await eventually(
      () => post(path, 'S-1', 'msg_1'),
      ({ status }) => status === 202,
    );
    await host.waitForLog(taken.body.id, 'SUCCESS', 25_000);
    expect(results.calls).toHaveLength(1);
  });

  it('are told to come again where the process has never known their address', async () => {
    const { path } = await createSource(host);
    await mongo.cut();
    const { answer, ms } = await timed(() => post(path, 'S-1'));
    expect(answer.status).toBe(503);
    expect(answer.body.code).toBe('DATABASE_UNREACHABLE');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(ms).toBeLessThan(FIRST_WITHIN_MS);
    expect(host.find(LogFallback).refusedCount()).toBe(0);
  });
});
