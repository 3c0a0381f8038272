import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { asIntegrationId, asTenantId, newEventId, newLogId } from '../../src/common/ids.js';
import { contextKeysOf, type IntegrationLog } from '../../src/logging/integration-log.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import { aLog } from '../support/log-rows.js';
import type { ServerProcess } from '../support/server-process.js';

const IS_LONG = process.env['CHAOS_SECONDS'] !== undefined;
const LOGS = IS_LONG ? 100_000 : 2_000;
const PAGE = 2_000;
const TENANT = 'lab-1';
const INTEGRATIONS = 4;
const RATE_PER_SECOND = 200;
const LOOK_EVERY_MS = 100;
const REST_MS = 100;
const QUIET_EVENTS = 10;
/** Of nine events in ten; one in ten may meet a machine that is busy with something else. */
const MAX_DELAY_MS = 2_000;
const MOST_DELAY_MS = 6_000;
const EVENT_TIMEOUT_MS = 120_000;
const BATCH_TIMEOUT_MS = 60_000 + LOGS * 15;
const MIB = 1_048_576;
/** Fifty times more logs must not need more. */
const MAX_GROWTH_BYTES = 192 * MIB;
const ACTION = {
  id: 900,
  name: 'sample.collected',
  contextFields: [{ name: 'sampleId', type: 'string', required: true }],
};

/** A vendor was down, and all that it missed is retried at once while its integrations go on with new deliveries. */
describe(`a batch of ${LOGS} retries`, () => {
  let intent: FakeVendor;
  let vendor: FakeVendor;
  let waybill: Installation;
  let workers: ServerProcess[];
  let integrationIds: string[];
  const done = new AbortController();
  /** How often the vendor was called for each delivery. */
  const calls = new Map<string, number>();
  const arrivals = new Map<string, number>();

  beforeAll(async () => {
    [intent, vendor] = await Promise.all([startFakeVendor({ forgetful: true }), startFakeVendor({ forgetful: true })]);
    intent.answer(({ json }) => ({ body: { sample: json } }));
    vendor.answer(({ headers, body }) => {
      const id = String(headers['webhook-id']);
      calls.set(id, (calls.get(id) ?? 0) + 1);
      const sampleId = /"sampleId":"([^"]+)"/.exec(body)?.[1] ?? '';
      if (sampleId.startsWith('live')) arrivals.set(sampleId, (arrivals.get(sampleId) ?? 0) + 1);
      return { status: 200 };
    });
    // Pages that are freed are given back at once, and a heap that is left free grows before it is collected: what is
    // measured is what is in use, and what would need more ends its process.
    const env = { MALLOC_MMAP_THRESHOLD_: '32768', NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=128' };
    waybill = await Installation.start('bulk', { env });
    await waybill.call('POST', '/v1/tenants', { id: TENANT, name: 'Lab one' });
    await waybill.call('POST', '/v1/actions', { ...ACTION, intentUrl: intent.url });
    const created = await Promise.all(
      Array.from({ length: INTEGRATIONS }, (_, number) =>
        waybill.call('POST', '/v1/integrations', {
          tenantId: TENANT,
          actionId: ACTION.id,
          name: `Board ${number}`,
          vendor: 'Board',
          endpoint: { url: vendor.url },
        }),
      ),
    );
    integrationIds = created.map(({ id }) => String(id));
    workers = await Promise.all([waybill.startWorker(), waybill.startWorker()]);
    await insertFailedLogs();
  }, BATCH_TIMEOUT_MS);

  afterAll(async () => {
    await waybill.close();
    await Promise.all([intent.close(), vendor.close()]);
  });

  async function insertFailedLogs(): Promise<void> {
    const logs = waybill.mongo.collection<IntegrationLog>('integration_logs');
    const from = Date.now() - LOGS;
    for (let at = 0; at < LOGS; at += PAGE)
      await logs.insertMany(
        Array.from({ length: PAGE }, (_, index) => aFailedLog(at + index, new Date(from + at + index))),
      );
  }

  function aFailedLog(number: number, at: Date): IntegrationLog {
    const context = { tenantId: TENANT, sampleId: `missed-${number}` };
    return aLog({
      _id: newLogId(),
      tenantId: asTenantId(TENANT),
      eventId: newEventId(),
      actionId: ACTION.id,
      actionName: ACTION.name,
      integrationId: asIntegrationId(integrationIds[number % INTEGRATIONS] ?? ''),
      vendor: 'Board',
      context,
      contextKeys: contextKeysOf({ sampleId: context.sampleId }),
      status: 'FAIL',
      errorClass: 'transient',
      errorCode: 'HTTP_503',
      errorMessage: 'The vendor answered 503: it is down',
      createdAt: at,
    });
  }

  /** From the emit to the arrival of the last of its deliveries. */
  async function liveEvent(sampleId: string): Promise<number> {
    const emittedAt = Date.now();
    await waybill.call('POST', '/v1/events', { action: ACTION.name, context: { tenantId: TENANT, sampleId } });
    await eventually(
      () => arrivals.get(sampleId),
      (count) => count === INTEGRATIONS,
      EVENT_TIMEOUT_MS,
    ).catch(async (error: unknown) => {
      throw new Error([String(error), await stateOf(sampleId), ...workers.map((one) => warningsOf(one))].join('\n'));
    });
    return Date.now() - emittedAt;
  }

  /** What a person would look at where a delivery does not come. */
  async function stateOf(sampleId: string): Promise<string> {
    const found = await waybill.mongo
      .collection('integration_logs')
      .find({ contextKeys: `sampleId=${sampleId}` })
      .toArray();
    return found.map((log) => JSON.stringify(log)).join('\n');
  }

  const warningsOf = (worker: ServerProcess) =>
    worker
      .said()
      .split('\n')
      .filter((line) => !line.includes('"level":"info"'))
      .slice(-30)
      .join('\n');

  async function liveEventsUntilDone(): Promise<number[]> {
    const delays: number[] = [];
    while (!done.signal.aborted) {
      delays.push(await liveEvent(`live-${delays.length}`));
      await delay(REST_MS);
    }
    return delays.toSorted((a, b) => a - b);
  }

  const residentBytes = async (pid: number) =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

  /** The most that each process held until the batch was done. */
  async function watchMemory(pids: readonly number[]): Promise<number[]> {
    const most = pids.map(() => 0);
    while (!done.signal.aborted) {
      const now = await Promise.all(pids.map(residentBytes));
      for (const [index, bytes] of now.entries()) most[index] = Math.max(most[index] ?? 0, bytes);
      await delay(LOOK_EVERY_MS);
    }
    return most;
  }

  async function retryAll() {
    const wanted = { filter: { errorCode: 'HTTP_503' } };
    const startedAt = Date.now();
    const preview = await waybill.call('POST', `/v1/retry-batches/preview?tenantId=${TENANT}`, wanted);
    expect(preview).toMatchObject({ count: LOGS });
    const previewMs = Date.now() - startedAt;
    const order = {
      ...wanted,
      reason: 'the vendor is back',
      confirm: preview['confirm'],
      ratePerSecond: RATE_PER_SECOND,
    };
    const { id } = await waybill.call('POST', `/v1/retry-batches?tenantId=${TENANT}`, order);
    let collectedMs = 0;
    const ended = await eventually(
      async () => {
        await delay(LOOK_EVERY_MS);
        const batch = await waybill.call('GET', `/v1/retry-batches/${String(id)}?tenantId=${TENANT}`);
        if (collectedMs === 0 && batch['count'] !== null) collectedMs = Date.now() - startedAt - previewMs;
        return batch;
      },
      ({ finishedAt }) => finishedAt !== null,
      BATCH_TIMEOUT_MS,
    ).finally(() => done.abort());
    return { ended, previewMs, collectedMs, batchMs: Date.now() - startedAt };
  }

  it(
    'takes bounded memory, is not in the way of live deliveries, and makes each one once',
    async () => {
      const quiet: number[] = [];
      for (let number = 0; number < QUIET_EVENTS; number += 1) quiet.push(await liveEvent(`live-quiet-${number}`));
      const processes = [...workers, waybill.api];
      const before = await Promise.all(processes.map(({ pid }) => residentBytes(pid)));
      const [{ ended, ...times }, delays, most] = await Promise.all([
        retryAll(),
        liveEventsUntilDone(),
        watchMemory(processes.map(({ pid }) => pid)),
      ]);
      const grown = most.map((bytes, index) => bytes - (before[index] ?? 0));
      const figures = {
        logs: LOGS,
        ...times,
        events: delays.length,
        quietMs: quiet.toSorted((a, b) => a - b)[QUIET_EVENTS / 2],
        medianMs: delays[Math.floor(delays.length / 2)],
        p90Ms: delays[Math.floor(delays.length * 0.9)],
        mostMs: delays.at(-1),
        beforeMiB: before.map((bytes) => Math.round(bytes / MIB)),
        grownMiB: grown.map((bytes) => Math.round(bytes / MIB)),
      };
      process.stdout.write(`bulk retry: ${JSON.stringify(figures)}\n`);
      expect(ended).toMatchObject({ state: 'done', count: LOGS, progress: { succeeded: LOGS } });
      expect(calls.size).toBe(LOGS + (QUIET_EVENTS + delays.length) * INTEGRATIONS);
      expect([...calls].filter(([, count]) => count !== 1)).toEqual([]);
      expect(delays.length).toBeGreaterThan(5);
      expect(figures.p90Ms).toBeLessThan(MAX_DELAY_MS);
      expect(figures.mostMs).toBeLessThan(MOST_DELAY_MS);
      expect(Math.max(...grown)).toBeLessThan(MAX_GROWTH_BYTES);
    },
    BATCH_TIMEOUT_MS + 60_000,
  );
});
