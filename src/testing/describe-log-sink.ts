import { strict as assert } from 'node:assert';
import type { IntegrationLog } from '../logging/integration-log.js';
import type { LogEntry, LogSink } from '../logging/log-entry.js';
import { anExecution, anOpenedLog } from '../logging/log-entry.builders.js';
import { globalTestRunner, type TestRunner } from './test-runner.js';

export interface LogSinkUnderTest {
  readonly sink: LogSink;
  /** The log as the database has it in the end: what a lane keeps is drained before. */
  findLog(id: IntegrationLog['_id']): Promise<IntegrationLog | null>;
  /** Further tries of the log, superseded ones included. */
  countFurtherTries(id: IntegrationLog['_id']): Promise<number>;
}

const TRIES = 5;
const LOGS = 60;

/**
 * What Waybill expects of every sink of log entries: what it has taken is there in the end, each log's entries in their
 * order, once however often they are written, just as they were.
 */
export function describeLogSink(name: string, open: Open, { describe, it }: TestRunner = globalTestRunner()): void {
  describe(`log sink ${name}`, () => {
    itWritesOnce(open, it);
    itKeepsOrder(open, it);
  });
}

type Open = () => Promise<LogSinkUnderTest> | LogSinkUnderTest;

function itWritesOnce(open: Open, it: TestRunner['it']): void {
  it('keeps a log and its try as they were written', async () => {
    const { sink, findLog } = await open();
    const body = {
      contentType: 'text/plain',
      text: 'Zoë: "1\n2"',
      sizeBytes: 9,
      sha256: '',
      truncated: false,
      cutBytes: 0,
    };
    const log = anOpenedLog({ context: { $date: 'no date', openedAt: '2026-01-02T03:04:05.000Z', count: 3 } });
    const execution = anExecution(log, { response: { status: 200, headers: { $date: 'x' }, body } });
    await sink.write([opened(log), executed(execution)]);
    const found = await findLog(log._id);
    assert.deepEqual(found?.context, log.context);
    assert.deepEqual(found?.createdAt, log.createdAt);
    assert.deepEqual(found?.firstAttempt, execution.attempt);
  });

  it('writes entries once that are written twice, whole batches and parts of them', async () => {
    const { sink, findLog, countFurtherTries } = await open();
    const { log, entries } = aLifeOf(TRIES);
    await sink.write(entries);
    await sink.write(entries);
    await sink.write(entries.slice(1, 3));
    assert.equal((await findLog(log._id))?.attemptCount, TRIES);
    assert.equal(await countFurtherTries(log._id), TRIES - 1);
  });
}

function itKeepsOrder(open: Open, it: TestRunner['it']): void {
  it('keeps the order of the tries of a log, one write after the other', async () => {
    const { sink, findLog, countFurtherTries } = await open();
    const { log, entries, last } = aLifeOf(TRIES);
    for (const entry of entries) await sink.write([entry]);
    const found = await findLog(log._id);
    assert.equal(found?.lastExecutionId, last);
    assert.equal(found?.attemptCount, TRIES);
    assert.equal(await countFurtherTries(log._id), TRIES - 1);
  });

  it('takes a batch of many logs', async () => {
    const { sink, findLog } = await open();
    const logs = Array.from({ length: LOGS }, () => anOpenedLog());
    await sink.write([...logs.map(opened), ...logs.map((log) => executed(anExecution(log)))]);
    // One after the other: what is found may have to be moved on first.
    for (const { _id } of logs) assert.equal((await findLog(_id))?.status, 'SUCCESS');
  });
}

const opened = (log: IntegrationLog): LogEntry => ({ kind: 'opened', log });
const executed = (execution: ReturnType<typeof anExecution>): LogEntry => ({ kind: 'executed', execution });

function aLifeOf(tries: number) {
  const log = anOpenedLog();
  const executions = Array.from({ length: tries }, (_, index) => anExecution(log, { number: index + 1 }));
  return { log, entries: [opened(log), ...executions.map(executed)], last: executions.at(-1)?.attempt.executionId };
}
