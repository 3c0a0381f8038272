import { Injectable } from '@nestjs/common';
import { type LogId, replayLogIdFor } from '../../common/ids.js';
import type { LogState } from '../../logging/log-walk.js';
import { RequestExpiredError } from '../../logging/received/request-expired.error.js';
import { RequestUnreadableError } from '../../logging/received/request-unreadable.error.js';
import { SecretKeyUnknownError } from '../../security/secrets/secret-key-unknown.error.js';
import { NotReplayableError } from '../not-replayable.error.js';
import { RetryService } from '../retry.service.js';
import { WebhookReplayer } from '../webhook-replayer.js';
import type { RetryBatch } from './retry-batch.js';

/** What a batch has QUEUED, by the log of the batch, and why others can be worked on no more. */
export interface MadeTries {
  readonly tries: ReadonlyMap<LogId, { readonly logId: LogId; readonly attempt: number }>;
  readonly refused: ReadonlyMap<LogId, string>;
}

const OF_THE_WEBHOOK = [NotReplayableError, RequestExpiredError, RequestUnreadableError, SecretKeyUnknownError];

/** What a batch does to its logs: those that FAILed are QUEUED again, webhooks that SUCCEEDed get logs of replays. */
@Injectable()
export class BatchTries {
  constructor(
    private readonly retries: RetryService,
    private readonly replayer: WebhookReplayer,
  ) {}

  make(batch: RetryBatch, logs: readonly LogState[]): Promise<MadeTries> {
    return batch.replays ? this.replayed(batch, logs) : this.retried(batch, logs);
  }

  private async retried(batch: RetryBatch, logs: readonly LogState[]): Promise<MadeTries> {
    const moved = await this.retries.retryOfBatch(batch.tenantId, logs, wantedOf(batch));
    const queued = logs.filter(({ _id }) => moved.has(_id));
    return {
      tries: new Map(queued.map(({ _id: logId, attemptCount }) => [logId, { logId, attempt: attemptCount + 1 }])),
      refused: new Map(),
    };
  }

  /** One by one: each has its whole request in memory, and those that share an order keep it. */
  private async replayed(batch: RetryBatch, logs: readonly LogState[]): Promise<MadeTries> {
    const tries = new Map<LogId, { logId: LogId; attempt: number }>();
    const refused = new Map<LogId, string>();
    for (const log of logs) {
      const logId = replayLogIdFor(batch._id, log._id);
      try {
        await this.replayer.open(log, logId, { ...wantedOf(batch), requestedAt: new Date() });
        tries.set(log._id, { logId, attempt: 1 });
      } catch (error) {
        const why = OF_THE_WEBHOOK.find((kind) => error instanceof kind) && error instanceof Error;
        if (!why) throw error;
        refused.set(log._id, error.message);
      }
    }
    return { tries, refused };
  }
}

const wantedOf = ({ requestedBy, reason, _id: batchId }: RetryBatch) => ({ requestedBy, reason, batchId });
