import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LogId } from '../../src/common/ids.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import type { LogEntry } from '../../src/logging/log-entry.js';
import type { LogLane } from '../../src/logging/log-lane.js';
import { MongoLogSink } from '../../src/logging/mongo-log-sink.js';
import { LaneFullError } from '../../src/logging/spool/lane-full.error.js';
import { LogQueue } from '../../src/logging/spool/log-queue.js';
import { LogSpool } from '../../src/logging/spool/log-spool.js';
import { Database } from '../../src/storage/database.js';
import { describeLogSink } from '../../src/testing/index.js';
import { anOpenedLog } from '../../src/logging/log-entry.builders.js';
import { eventually } from '../support/eventually.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

describe('what log entries are written to', () => {
  let host: TestHost;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'waybill-spool-'));
    host = await startTestHost({
      role: 'api',
      settings: { spool: { dir, maxBytes: 262_144, queueMaxBytes: 524_288 } },
    });
  });

  afterAll(async () => {
    await host.close();
    await rm(dir, { recursive: true });
  });

  const drain = async (lane: LogLane) => {
    const read: LogEntry[] = [];
    for (;;) {
      const taken = await lane.take();
      if (typeof taken === 'string') return read;
      await host.find(MongoLogSink).write(taken.entries);
      await taken.done();
      read.push(...taken.entries);
    }
  };

  const inTheEnd = {
    findLog: (id: LogId) => host.findLog(id),
    countFurtherTries: (logId: LogId) => host.find(Database).model(INTEGRATION_ATTEMPTS).countDocuments({ logId }),
  };
  const drained = (lane: LogLane) => ({
    sink: lane,
    findLog: async (id: LogId) => {
      await drain(lane);
      return inTheEnd.findLog(id);
    },
    countFurtherTries: inTheEnd.countFurtherTries,
  });

  describeLogSink('MongoDB', () => ({ sink: host.find(MongoLogSink), ...inTheEnd }));
  describeLogSink('queue', () => drained(host.find(LogQueue)));
  describeLogSink('spool', () => drained(host.find(LogSpool)));

  const anEntry = (): LogEntry => ({ kind: 'opened', log: anOpenedLog() });
  const idsOf = (entries: readonly LogEntry[]) =>
    entries.map((entry) => (entry.kind === 'opened' ? entry.log._id : entry.execution.logId));

  it.each([
    ['queue', () => host.find(LogQueue)],
    ['spool', () => host.find(LogSpool)],
  ])('a %s that is full takes no more, keeps what it has, and takes again once it is drained', async (_name, lane) => {
    const taken: LogEntry[] = [];
    const fill = async () => {
      for (;;) {
        const batch = Array.from({ length: 20 }, anEntry);
        await lane().write(batch);
        taken.push(...batch);
      }
    };
    await expect(fill()).rejects.toBeInstanceOf(LaneFullError);
    expect(taken.length).toBeGreaterThan(20);
    const byTest = new Set(idsOf(await drain(lane())));
    expect([...byTest]).toEqual(idsOf(taken).filter((id) => byTest.has(id)));
    await areWritten(taken);
    const entry = anEntry();
    await lane().write([entry]);
    await drain(lane());
    await areWritten([entry]);
  });

  /** By the test, or by the host, which looks around from time to time. */
  const areWritten = (entries: readonly LogEntry[]) =>
    eventually(
      () =>
        host
          .find(Database)
          .model(INTEGRATION_LOGS)
          .countDocuments({ _id: { $in: idsOf(entries) } }),
      (count) => count === entries.length,
    );

  const filesIn = async (folder: string) => {
    const all = await readdir(folder, { recursive: true, withFileTypes: true });
    return all.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  };

  /** As a process leaves it that is killed: nothing is released, and its number is that of no process. */
  async function leaveBehind(entries: readonly LogEntry[], change: (text: string) => string): Promise<void> {
    const spool = host.find(LogSpool);
    await spool.write(entries);
    const [file = ''] = await filesIn(dir);
    const text = await readFile(file, 'utf8');
    await drain(spool);
    const dead = dirname(file).replace(/~\d+~\d*~[0-9a-f]+$/, '~4194304~1~0123456789ab');
    await mkdir(dead, { recursive: true });
    await writeFile(join(dead, '00000001.jsonl'), change(text));
  }

  it('drains what a process of this machine left behind, and passes over a last line that is torn', async () => {
    const entries = [anEntry(), anEntry(), anEntry()];
    await leaveBehind(entries, (text) => text.slice(0, -20));
    const spool = host.find(LogSpool);
    expect(await spool.claimOrphans()).toBe(true);
    expect(await spool.claimOrphans()).toBe(false);
    expect(idsOf(await drain(spool))).toEqual(idsOf(entries.slice(0, 2)));
    expect(await filesIn(dir)).toEqual([]);
  });

  it('keeps a file with a damaged line for a person, and drains its other lines', async () => {
    const entries = [anEntry(), anEntry(), anEntry()];
    await leaveBehind(entries, (text) => text.replace(/"desk"/, '"dusk"'));
    const spool = host.find(LogSpool);
    await spool.claimOrphans();
    expect(idsOf(await drain(spool))).toEqual(idsOf(entries.slice(1)));
    const [file = '', ...others] = await filesIn(dir);
    expect(others).toEqual([]);
    expect(file).toMatch(/\.jsonl\.damaged$/);
    await rm(dirname(file), { recursive: true });
  });

  it('does not touch what a living process or another machine has', async () => {
    const spool = host.find(LogSpool);
    await spool.write([anEntry()]);
    const [file = ''] = await filesIn(dir);
    const elsewhere = dirname(file).replace(/[^/]+$/, 'elsewhere~4194304~1~0123456789ab');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, '00000001.jsonl'), await readFile(file, 'utf8'));
    expect(await spool.claimOrphans()).toBe(false);
    await drain(spool);
    expect(await filesIn(dir)).toEqual([join(elsewhere, '00000001.jsonl')]);
    await rm(elsewhere, { recursive: true });
  });
});
