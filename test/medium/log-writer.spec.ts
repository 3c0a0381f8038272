import { asLogId } from '../../src/common/ids.js';
import { DeliveryWorker } from '../../src/dispatch/delivery-worker.js';
import { executionOf } from '../../src/dispatch/execution.js';
import type { Verdict } from '../../src/dispatch/pipeline/verdict.js';
import type { Integration } from '../../src/integrations/integration.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import type { Execution } from '../../src/logging/log-entry.js';
import { MongoLogSink } from '../../src/logging/mongo-log-sink.js';
import { INTEGRATION_ATTEMPTS } from '../../src/logging/integration-log.collection.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { INLINE_BYTES } from '../../src/logging/payloads/payload-text.js';
import { aBody, aLog } from '../support/builders.js';
import { LogQueue } from '../../src/logging/spool/log-queue.js';
import { Database } from '../../src/storage/database.js';
import { TriesJob, tryIdOf } from '../../src/queues/jobs.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

/** MongoDB takes documents of 16 MiB at the most. */
const TOO_LARGE = 'x'.repeat(16.5 * 1024 * 1024);

const SUCCESS: Verdict = { outcome: 'success' };
const TIMED_OUT: Verdict = {
  outcome: 'fail',
  errorClass: 'transient',
  errorCode: 'VENDOR_TIMEOUT',
  errorMessage: 'no answer',
  remedy: 'wait',
  retryAfterMs: null,
};

describe('the log writer', () => {
  let host: TestHost;
  let integration: Integration;

  beforeAll(async () => {
    // Nothing works the queue: the tries are the test's own.
    host = await startTestHost({ role: 'api' });
    integration = await host.createIntegration({ url: 'http://127.0.0.1:9/' });
  });

  afterAll(() => host.close());

  async function queuedLog(): Promise<IntegrationLog> {
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    return host.waitForLog(deliveries[0]?.logId ?? '', 'QUEUED');
  }

  const tryOf = (log: IntegrationLog, verdict: Verdict): Execution =>
    executionOf({
      log,
      integration,
      verdict,
      startedAt: new Date(),
      durationMs: 1,
      request: { method: 'POST', url: 'http://127.0.0.1:9/', headers: {}, body: null },
      response: null,
    });

  const write = (execution: Execution) => host.find(LogWriter).submit({ kind: 'executed', execution });

  const triesOf = async (log: IntegrationLog) => {
    const tries = await host.find(IntegrationLogStore).attemptsOf((await host.findLog(log._id)) ?? log);
    return new Map(tries.map(({ executionId, number, superseded }) => [executionId, { number, superseded }]));
  };

  it.each([
    [
      'one after the other',
      async (tries: Execution[]) => {
        for (const one of tries) await write(one);
      },
    ],
    ['in one batch', (tries: Execution[]) => Promise.all(tries.map(write))],
  ])('keeps the second of two tries with one number as superseded: %s', async (_how, writeAll) => {
    const log = await queuedLog();
    const first = tryOf(log, TIMED_OUT);
    await write(first);
    const moved = await host.waitForLog(log._id, 'QUEUED');
    const [winner, late] = [tryOf(moved, SUCCESS), tryOf(moved, TIMED_OUT)];
    await writeAll([winner, late]);
    expect(await triesOf(log)).toEqual(
      new Map([
        [first.attempt.executionId, { number: 1, superseded: false }],
        [winner.attempt.executionId, { number: 2, superseded: false }],
        [late.attempt.executionId, { number: 2, superseded: true }],
      ]),
    );
    expect(await host.findLog(log._id)).toMatchObject({
      status: 'SUCCESS',
      attemptCount: 2,
      lastExecutionId: winner.attempt.executionId,
    });
  });

  it('keeps a try as superseded whose process died before it could move the log', async () => {
    const log = await queuedLog();
    await write(tryOf(log, TIMED_OUT));
    const moved = await host.waitForLog(log._id, 'QUEUED');
    const [died, winner] = [tryOf(moved, TIMED_OUT), tryOf(moved, SUCCESS)];
    const { executionId, ...rest } = died.attempt;
    const attempts = host.find(Database).collection(INTEGRATION_ATTEMPTS);
    await attempts.insertOne({ _id: executionId, logId: log._id, tenantId: LAB, ...rest, superseded: false });
    await write(winner);
    const tries = await triesOf(log);
    expect(tries.get(executionId)).toEqual({ number: 2, superseded: true });
    expect(tries.get(winner.attempt.executionId)).toEqual({ number: 2, superseded: false });
  });

  it('writes a try that the database refuses without its bodies, and the others of its batch as they are', async () => {
    const logs = [await queuedLog(), await queuedLog(), await queuedLog()];
    const executions = logs.map((log, index) => {
      const execution = tryOf(log, SUCCESS);
      if (index !== 1) return execution;
      const response = { status: 200, headers: { 'x-note': TOO_LARGE }, body: null };
      return { ...execution, attempt: { ...execution.attempt, response } };
    });
    await Promise.all(executions.map(write));
    const written = await Promise.all(logs.map(({ _id }) => host.findLog(_id)));
    expect(written.map((log) => [log?.status, log?.firstAttempt?.request?.method ?? null])).toEqual([
      ['SUCCESS', 'POST'],
      ['SUCCESS', null],
      ['SUCCESS', 'POST'],
    ]);
    expect(written[1]?.firstAttempt).toMatchObject({ number: 1, outcome: 'success', response: null });
  });

  it('writes many tries with the largest bodies that stand in rows at once, without trying again', async () => {
    const body = aBody('x'.repeat(INLINE_BYTES));
    const logs = Array.from({ length: 450 }, () => aLog());
    await host.find(IntegrationLogStore).insertQueued(logs);
    const writing = jest.spyOn(host.find(MongoLogSink), 'write');
    await Promise.all(
      logs.map((log) => {
        const { attempt, ...rest } = tryOf(log, SUCCESS);
        const request = attempt.request && { ...attempt.request, body };
        return write({ ...rest, attempt: { ...attempt, request, response: { status: 200, headers: {}, body } } });
      }),
    );
    expect(writing).toHaveBeenCalledTimes(1);
    writing.mockRestore();
    const written = await Promise.all(logs.map(({ _id }) => host.findLog(_id)));
    expect(written.every((log) => log?.firstAttempt?.response?.body?.text === body.text)).toBe(true);
  });

  it('knows of a try that is taken over when its record is kept elsewhere: it is not called lost', async () => {
    const log = await queuedLog();
    const execution = tryOf(log, SUCCESS);
    await host.find(LogQueue).write([{ kind: 'executed', execution }]);
    const job = Object.assign(new TriesJob(), { integrationId: integration._id, tries: [tryIdOf(log._id, 1)] });
    await host.find(DeliveryWorker).attempt(job, { takenOver: true });
    expect(await host.findLog(log._id)).toMatchObject({
      status: 'SUCCESS',
      attemptCount: 1,
      lastExecutionId: execution.attempt.executionId,
    });
  });

  it('refuses an opened log that the database refuses, and writes the others of its batch', async () => {
    const template = await queuedLog();
    const opened = ['a', 'b', 'c'].map((letter): IntegrationLog => ({
      ...template,
      _id: asLogId(`log_${letter.repeat(32)}`),
      integrationName: letter === 'b' ? TOO_LARGE : letter,
    }));
    const outcomes = await Promise.allSettled(
      opened.map((log) => host.find(LogWriter).submit({ kind: 'opened', log })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const found = await Promise.all(opened.map(({ _id }) => host.findLog(_id)));
    expect(found.map((log) => log?.integrationName ?? null)).toEqual(['a', null, 'c']);
  });
});
