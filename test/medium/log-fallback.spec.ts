import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { IntegrationLogger } from '../../src/index.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { entryOf } from '../../src/logging/spool/spool-line.js';
import { Database } from '../../src/storage/database.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { aLog } from '../support/log-rows.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

@Injectable()
class Desk {
  @IntegrationLogger({ name: 'desk' })
  async book(input: { tenantId: string; sampleId: string; password?: string }): Promise<string> {
    return `booked ${input.sampleId}`;
  }
}

class DeskModule {}
const desk: DynamicModule = { module: DeskModule, providers: [Desk], exports: [Desk] };

/** Of the call itself; what it takes beside is some hundredths of that. */
const HARDLY_LONGER_MS = 50;
const CALLS = 40;
/** Of what a document may have. */
const TOO_LARGE = 'x'.repeat(17 * 1_048_576);

describe('while MongoDB is away', () => {
  let mongo: CuttableProxy;
  let redis: CuttableProxy;
  let dir: string;
  let prefix: string;
  let host: TestHost;

  beforeEach(async () => {
    [mongo, redis] = await Promise.all([CuttableProxy.to(mongodbUri()), CuttableProxy.to(redisUrl())]);
    dir = await mkdtemp(join(tmpdir(), 'waybill-spool-'));
    prefix = freshPrefix('fallback');
    host = await startHost(`${mongo.uri(freshDatabaseName('fallback'))}?serverSelectionTimeoutMS=500`);
    await meetTenant();
  });

  afterEach(async () => {
    for (const proxy of [mongo, redis]) {
      await proxy.cut();
      await proxy.restore();
    }
    await host.close();
    await Promise.all([mongo.cut(), redis.cut()]);
    await rm(dir, { recursive: true });
  });

  const startHost = (uri: string, spool = {}) =>
    startTestHost({
      role: 'api',
      settings: { mongodb: { uri }, redis: { url: redis.uri(''), prefix }, spool: { dir, ...spool } },
      imports: [desk],
    });

  /** What has to be hidden of a tenant whom a process has not met is not known while MongoDB is away. */
  async function meetTenant(): Promise<void> {
    await host.find(Desk).book({ tenantId: LAB, sampleId: 'S-first' });
    await host.find(LogWriter).flush();
    await host.find(Database).model(INTEGRATION_LOGS).deleteMany({});
  }

  async function bookMany(count = CALLS): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const startedMs = performance.now();
      await host.find(Desk).book({ tenantId: LAB, sampleId: `S-${number}`, password: 'hush-hush' });
      expect(performance.now() - startedMs).toBeLessThan(HARDLY_LONGER_MS);
    }
    await eventually(
      () => host.find(LogWriter).pendingCount(),
      (pending) => pending === 0,
    );
  }

  const files = async () => {
    const all = await readdir(dir, { recursive: true, withFileTypes: true });
    return all.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  };

  async function requireAllLogged(count = CALLS): Promise<void> {
    const logs = await eventually(
      () => host.logs(),
      (found) => found.length >= count && found.every(({ status }) => status === 'SUCCESS'),
    );
    expect(logs).toHaveLength(count);
    const whole = await Promise.all(logs.map(({ _id }) => host.findLog(_id)));
    const once = (log: IntegrationLog | null) => log?.attemptCount === 1 && log.firstAttempt?.outcome === 'success';
    expect(whole.filter(once)).toHaveLength(count);
    expect(await host.find(Database).model(INTEGRATION_ATTEMPTS).countDocuments()).toBe(0);
  }

  it('keeps the logs of calls in Redis, unreadable, and writes each of them once when it is back', async () => {
    await mongo.cut();
    await bookMany();
    const client = new Redis(redisUrl());
    const stream = `${prefix}:{log-queue}`;
    expect(await client.xlen(stream)).toBe(2 * CALLS);
    expect(JSON.stringify(await client.xrange(stream, '-', '+'))).not.toMatch(/S-1|book/);
    expect(await client.pttl(stream)).toBeGreaterThan(86_400_000);
    expect(await files()).toEqual([]);
    await mongo.restore();
    await requireAllLogged();
    await host.find(LogWriter).flush();
    expect(await client.exists(stream, `${stream}:bytes`)).toBe(0);
    expect(host.find(LogFallback).isOpen()).toBe(true);
    await client.quit();
  });

  it('keeps them in files that only this user can read, redacted, where Redis is away too', async () => {
    await Promise.all([mongo.cut(), redis.cut()]);
    await bookMany();
    const [file = '', ...others] = await files();
    expect(others).toEqual([]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(2 * CALLS);
    expect(lines.map((line) => JSON.parse(line).entry.kind)).toEqual(
      Array.from({ length: CALLS }, () => ['opened', 'executed']).flat(),
    );
    expect(lines.join()).toContain('S-1');
    expect(lines.join()).not.toContain('hush-hush');
    await mongo.restore();
    await requireAllLogged();
    await host.find(LogWriter).flush();
    expect(await readdir(join(dir, (await readdir(dir))[0] ?? ''))).toEqual([]);
  });

  it('has the end of a delivery in MongoDB before it goes on, also where Redis has forgotten what it kept', async () => {
    const log = aLog({ integrationId: null });
    await mongo.cut();
    const submitted = host.find(LogWriter).submit({ kind: 'opened', log });
    const client = new Redis(redisUrl());
    const stream = `${prefix}:{log-queue}`;
    await eventually(
      () => client.del(stream, `${stream}:bytes`),
      (deleted) => deleted === 2,
    );
    await client.quit();
    await mongo.restore();
    await submitted;
    expect(await host.findLog(log._id)).toMatchObject({ _id: log._id });
  });

  it('puts aside what it refuses once it is back, and writes the others', async () => {
    const rows = ['a', 'b', 'c'].map((letter) =>
      aLog({ integrationId: null, integrationName: letter === 'b' ? TOO_LARGE : letter }),
    );
    await host.find(LogFallback).keep(rows.map((log) => ({ kind: 'opened', log })));
    await host.find(LogFallback).settled();
    const found = await Promise.all(rows.map(({ _id }) => host.findLog(_id)));
    expect(found.map((log) => log?.integrationName ?? null)).toEqual(['a', null, 'c']);
    expect(host.find(LogFallback).refusedCount()).toBe(1);
    const [file = '', ...others] = await files();
    expect(others).toEqual([]);
    expect(file).toMatch(/refused\.jsonl$/);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => entryOf(line))).toMatchObject([{ kind: 'opened', log: { _id: rows[1]?._id } }]);
  });
});
