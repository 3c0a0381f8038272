import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../storage/database.js';
import { inCommands } from '../storage/in-commands.js';
import { insertMissing } from '../storage/mongo-errors.js';
import {
  type AttemptDocument,
  type CapturedRequest,
  type CapturedResponse,
  extractKeysOf,
  type IntegrationLog,
} from './integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from './integration-log.collection.js';
import { ChangedSpans } from './changed-spans.js';
import { LogOrigins } from './log-origins.js';
import { type LogSpan, spanOf } from './log-span.js';
import { errorKeysOf } from './error-keys.js';
import type { Execution, LogEntry, LogSink, OpenedEntry } from './log-entry.js';
import { SCRUB_ATTEMPT, scrubbedAttempt } from './erasure/scrub.js';
import { BodiesApart } from './payloads/bodies-apart.js';
import { ReceivedRequestStore } from './received/received-request.store.js';
import { RepeatedWebhooks } from './received/repeated-webhooks.js';
import { tellingUpdate } from './status-change.js';

/** Everything of a try but what was captured. */
const BESIDE_CAPTURED_BYTES = 2_048;
/** Ten extracts of 256 characters, three times as the try, the log and its keys have them, or as many faults. */
const EXTRACTS_BYTES = 48 * 1_024;
/** What BSON adds to a short text. */
const ENTRY_BYTES = 8;

/**
 * Writes a batch of log entries in a few commands.
 *
 * A log moves only from the attempt count that the try started from, so a try that another worker has overtaken cannot
 * move it back; it is kept beside the log as superseded.
 */
@Injectable()
export class MongoLogSink implements LogSink {
  readonly name = 'mongodb';
  private readonly logs: Collection<IntegrationLog>;
  private readonly attempts: Collection<AttemptDocument>;

  constructor(
    private readonly database: Database,
    private readonly bodies: BodiesApart,
    private readonly changed: ChangedSpans,
    private readonly received: ReceivedRequestStore,
    private readonly origins: LogOrigins,
    private readonly repeated: RepeatedWebhooks,
  ) {
    this.logs = database.collection(INTEGRATION_LOGS);
    this.attempts = database.collection(INTEGRATION_ATTEMPTS);
  }

  async write(whole: readonly LogEntry[]): Promise<void> {
    const entries = await this.bodies.take(whole);
    const opened = entries.filter((entry) => entry.kind === 'opened');
    const executions = entries.flatMap((entry) => (entry.kind === 'executed' ? [entry.execution] : []));
    const spans = [...opened.map(({ log }) => spanOf(log)), ...(await this.spansOf(executions))];
    await this.changed.mark(spans);
    const there = await this.insertOpened(opened);
    if (there.size > 0)
      await this.writeRepeated(
        whole.filter((entry) => entry.kind === 'opened'),
        there,
      );
    await this.insertAttempts(
      executions.filter(({ attempt }) => attempt.number > 1).map((execution) => toDocument(execution, false)),
    );
    if (executions.length > 0) await this.advance(executions);
  }

  /** Writes calls that begin, and answers with the positions of those that have begun already. */
  async open(whole: readonly OpenedEntry[]): Promise<ReadonlySet<number>> {
    const entries = (await this.bodies.take(whole)).filter((entry) => entry.kind === 'opened');
    await this.changed.mark(entries.map(({ log }) => spanOf(log)));
    return this.insertOpened(entries);
  }

  private async writeRepeated(opened: readonly OpenedEntry[], there: ReadonlySet<number>): Promise<void> {
    const repeated = opened.filter((_, index) => there.has(index));
    await this.repeated.leaveToWorkers(repeated);
    const others = await this.repeated.among(repeated);
    if (others.length > 0) await this.write(others);
  }

  /** The requests first: a log that is there can be worked on. */
  private async insertOpened(entries: readonly OpenedEntry[]): Promise<ReadonlySet<number>> {
    if (entries.length === 0) return new Set();
    const parts = entries.flatMap((entry) => entry.received ?? []);
    const logs = entries.map(({ log }) => log);
    await Promise.all([parts.length > 0 && this.received.insert(parts), this.origins.note(logs)]);
    const there = await this.database.insertEach(INTEGRATION_LOGS, logs, bytesOfLog);
    await this.forgetRequestsOfErased(entries.filter(({ received }, index) => received && there.has(index)));
    return there;
  }

  /** A vendor may send again what is about a person who was erased meanwhile. */
  private async forgetRequestsOfErased(repeated: readonly OpenedEntry[]): Promise<void> {
    if (repeated.length === 0) return;
    const ids = repeated.map(({ log }) => log._id);
    const erased = await this.logs
      .find({ _id: { $in: ids }, erasedAt: { $exists: true } })
      .project<Pick<IntegrationLog, '_id'>>({ _id: 1 })
      .toArray();
    const erasedIds = new Set(erased.map(({ _id }) => _id));
    await this.received.forget([...erasedIds]);
    await this.bodies.forget(
      repeated.flatMap(({ log: { _id, firstAttempt } }) =>
        erasedIds.has(_id) && firstAttempt ? [{ logId: _id, attempt: firstAttempt }] : [],
      ),
    );
  }

  private async spansOf(executions: readonly Execution[]): Promise<LogSpan[]> {
    const known = executions.flatMap(({ span }) => (span ? [span] : []));
    if (known.length === executions.length) return known;
    const unknown = executions.filter(({ span }) => !span).map(({ logId }) => logId);
    const logs = await this.logs
      .find({ _id: { $in: unknown } })
      .project<Parameters<typeof spanOf>[0]>({ tenantId: 1, integrationId: 1, createdAt: 1 })
      .toArray();
    return [...known, ...logs.map(spanOf)];
  }

  private async insertAttempts(documents: AttemptDocument[]): Promise<void> {
    if (documents.length > 0) await insertMissing(() => this.attempts.insertMany(documents, { ordered: false }));
  }

  private async advance(executions: readonly Execution[]): Promise<void> {
    const updatedAt = new Date();
    let moved = 0;
    for (const command of inCommands(executions, bytesOf)) {
      const updates = command.map(({ logId, attempt, summary, toTell }) => {
        const telling = tellingUpdate(toTell);
        return {
          q: { _id: logId, attemptCount: attempt.number - 1, erasedAt: { $exists: false } },
          u: {
            $set: {
              ...summary,
              ...errorKeysOf(summary),
              attemptCount: attempt.number,
              lastExecutionId: attempt.executionId,
              updatedAt,
              retry: null,
              ...(attempt.number === 1 ? { firstAttempt: attempt } : {}),
              ...telling.set,
            },
            ...telling.push,
            ...unsetBy(summary, attempt),
            ...(summary.extracts ? { $addToSet: { contextKeys: { $each: extractKeysOf(summary.extracts) } } } : {}),
          },
        };
      });
      moved += await this.database.updateEach(INTEGRATION_LOGS, updates);
    }
    const lost = moved < executions.length ? await this.keepLost(executions) : [];
    await this.markSuperseded(executions, new Set(lost));
  }

  /** Rare: somebody else has moved some of these logs, or this batch is written for the second time. */
  private async keepLost(executions: readonly Execution[]): Promise<Execution[]> {
    const logs = await this.logs
      .find({ _id: { $in: executions.map(({ logId }) => logId) } })
      .project<Pick<IntegrationLog, '_id' | 'lastExecutionId' | 'firstAttempt' | 'erasedAt'>>({
        lastExecutionId: 1,
        erasedAt: 1,
        'firstAttempt.executionId': 1,
      })
      .toArray();
    const written = new Set(
      logs.flatMap(({ lastExecutionId, firstAttempt }) => [lastExecutionId, firstAttempt?.executionId]),
    );
    const lost = executions.filter(({ attempt }) => !written.has(attempt.executionId));
    const erased = new Set(logs.flatMap(({ _id, erasedAt }) => (erasedAt ? [_id] : [])));
    const isErased = ({ logId }: Execution) => erased.has(logId);
    await this.insertAttempts(
      lost.map((execution) => toDocument(isErased(execution) ? scrubbed(execution) : execution, true)),
    );
    await this.forgetErased(lost.filter(isErased));
    return lost;
  }

  /** Their logs were erased while these tries were made. */
  private async forgetErased(executions: readonly Execution[]): Promise<void> {
    if (executions.length === 0) return;
    const logIds = executions.map(({ logId }) => logId);
    await this.attempts.updateMany({ logId: { $in: logIds } }, SCRUB_ATTEMPT);
    await this.bodies.forget(executions);
  }

  /**
   * Further tries stand in the history before they move the log: of two with one number, the one that did not move it is
   * superseded. Its process may have died in between, so whoever moves the log looks for it.
   */
  private async markSuperseded(executions: readonly Execution[], lost: ReadonlySet<Execution>): Promise<void> {
    const further = executions.filter(({ attempt }) => attempt.number > 1);
    if (further.length === 0) return;
    const standing = await this.attempts
      .find({ logId: { $in: further.map(({ logId }) => logId) }, superseded: false })
      .project<Pick<AttemptDocument, '_id' | 'logId' | 'number'>>({ logId: 1, number: 1 })
      .toArray();
    const superseded = new Set<AttemptDocument['_id']>();
    for (const execution of further) {
      const { logId, attempt } = execution;
      const others = standing.filter(
        (one) => one.logId === logId && one.number === attempt.number && one._id !== attempt.executionId,
      );
      const left = others.map(({ _id }) => _id).filter((id) => !superseded.has(id));
      if (left.length === 0) continue;
      for (const id of lost.has(execution) ? [attempt.executionId] : left) superseded.add(id);
    }
    if (superseded.size > 0)
      await this.attempts.updateMany({ _id: { $in: [...superseded] } }, { $set: { superseded: true } });
  }
}

/** What a first try cannot have found is not unset: it would cost each delivery. A log that FAILed again needs a person again. */
function unsetBy({ errorClass, status }: Execution['summary'], { number, integrationVersion }: Execution['attempt']) {
  // A decorated call, which has no integration, may have been given up as lost before its end came.
  if (number === 1 && integrationVersion !== null) return {};
  if (errorClass === null) return { $unset: { errorKeys: '' } };
  return status === 'FAIL' ? { $unset: { resolution: '' } } : {};
}
const scrubbed = (execution: Execution): Execution => ({ ...execution, attempt: scrubbedAttempt(execution.attempt) });

function toDocument({ logId, tenantId, attempt }: Execution, superseded: boolean): AttemptDocument {
  const { executionId, ...rest } = attempt;
  return { _id: executionId, logId, tenantId, ...rest, superseded };
}

/** A further try moves the log only; what it captured goes elsewhere. */
function bytesOf({ attempt }: Execution): number {
  const { number, request, response, refreshedAfter, errorMessage, extracts, extractFaults } = attempt;
  const lifted = extracts || extractFaults ? EXTRACTS_BYTES : 0;
  // The message stands in the try and in the log.
  const texts = Buffer.byteLength(refreshedAfter?.reason ?? '') + 2 * Buffer.byteLength(errorMessage ?? '');
  const beside = BESIDE_CAPTURED_BYTES + lifted + texts;
  if (number > 1) return beside;
  return beside + Buffer.byteLength(request?.url ?? '') + capturedBytes(request) + capturedBytes(response);
}

/** A context stands in the log, and once more as the keys of the search. */
function bytesOfLog({ context, contextKeys, firstAttempt }: IntegrationLog): number {
  const { request = null, response = null } = firstAttempt ?? {};
  const keys = contextKeys.reduce((sum, key) => sum + Buffer.byteLength(key) + ENTRY_BYTES, 0);
  const contextBytes = 2 * keys + Object.keys(context).length * ENTRY_BYTES;
  const url = Buffer.byteLength(request?.url ?? '');
  return 2 * BESIDE_CAPTURED_BYTES + contextBytes + url + capturedBytes(request) + capturedBytes(response);
}

function capturedBytes(captured: CapturedRequest | CapturedResponse | null): number {
  let bytes = Buffer.byteLength(captured?.body?.text ?? '');
  for (const [name, value] of Object.entries(captured?.headers ?? {})) {
    bytes += name.length + Buffer.byteLength(value) + ENTRY_BYTES;
  }
  return bytes;
}
