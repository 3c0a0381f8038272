import { Inject, Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import { CALL_BODY_BYTES } from './body-capture.js';
import type { AttemptDocument, IntegrationLog } from './integration-log.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from './integration-log.collection.js';
import type { Execution, LogEntry, LogSink } from './log-entry.js';

/** Of the 48 MB that MongoDB takes in one message. */
const COMMAND_BYTES = 32 * 1_048_576;
/** The headers of a request and of its answer, which Node bounds at 16 KiB each, and everything else of a try. */
const BESIDE_BODIES_BYTES = 64 * 1_024;

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
  private readonly maxPerCommand: number;

  constructor(
    private readonly database: Database,
    @Inject(SETTINGS) { limits }: Settings,
  ) {
    const largestBytes = 2 * Math.max(limits.loggedBodyBytes, CALL_BODY_BYTES) + BESIDE_BODIES_BYTES;
    this.maxPerCommand = Math.max(1, Math.floor(COMMAND_BYTES / largestBytes));
    this.logs = database.collection(INTEGRATION_LOGS);
    this.attempts = database.collection(INTEGRATION_ATTEMPTS);
  }

  async write(entries: readonly LogEntry[]): Promise<void> {
    const opened = entries.flatMap((entry) => (entry.kind === 'opened' ? [entry.log] : []));
    const executions = entries.flatMap((entry) => (entry.kind === 'executed' ? [entry.execution] : []));
    if (opened.length > 0) await insertMissing(() => this.logs.insertMany(opened, { ordered: false }));
    await this.insertAttempts(
      executions.filter(({ attempt }) => attempt.number > 1).map((execution) => toDocument(execution, false)),
    );
    if (executions.length > 0) await this.advance(executions);
  }

  private async insertAttempts(documents: AttemptDocument[]): Promise<void> {
    if (documents.length > 0) await insertMissing(() => this.attempts.insertMany(documents, { ordered: false }));
  }

  private async advance(executions: readonly Execution[]): Promise<void> {
    const updatedAt = new Date();
    let moved = 0;
    for (let from = 0; from < executions.length; from += this.maxPerCommand) {
      const updates = executions.slice(from, from + this.maxPerCommand).map(({ logId, attempt, summary }) => ({
        q: { _id: logId, attemptCount: attempt.number - 1 },
        u: {
          $set: {
            ...summary,
            attemptCount: attempt.number,
            lastExecutionId: attempt.executionId,
            updatedAt,
            retry: null,
            ...(attempt.number === 1 ? { firstAttempt: attempt } : {}),
          },
        },
      }));
      moved += await this.database.updateEach(INTEGRATION_LOGS, updates);
    }
    if (moved < executions.length) await this.keepSuperseded(executions);
  }

  /** Rare: somebody else has moved some of these logs, or this batch is written for the second time. */
  private async keepSuperseded(executions: readonly Execution[]): Promise<void> {
    const logs = await this.logs
      .find({ _id: { $in: executions.map(({ logId }) => logId) } })
      .project<Pick<IntegrationLog, 'lastExecutionId' | 'firstAttempt'>>({
        lastExecutionId: 1,
        'firstAttempt.executionId': 1,
      })
      .toArray();
    const written = new Set(
      logs.flatMap(({ lastExecutionId, firstAttempt }) => [lastExecutionId, firstAttempt?.executionId]),
    );
    const lost = executions.filter(({ attempt }) => !written.has(attempt.executionId));
    await this.insertAttempts(lost.map((execution) => toDocument(execution, true)));
    await this.markSuperseded(lost.filter(({ attempt }) => attempt.number > 1));
  }

  /** Further tries stand in the history already: of two with one number, the one that did not move the log is superseded. */
  private async markSuperseded(lost: readonly Execution[]): Promise<void> {
    for (const { logId, attempt } of lost) {
      const { number, executionId } = attempt;
      const other = await this.attempts.findOne({ logId, number, _id: { $ne: executionId }, superseded: false });
      if (other) await this.attempts.updateOne({ _id: executionId }, { $set: { superseded: true } });
    }
  }
}

function toDocument({ logId, tenantId, attempt }: Execution, superseded: boolean): AttemptDocument {
  const { executionId, ...rest } = attempt;
  return { _id: executionId, logId, tenantId, ...rest, superseded };
}
