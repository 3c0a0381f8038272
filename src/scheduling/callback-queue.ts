import { Inject, Injectable } from '@nestjs/common';
import { type CallbackKind, type Receiver, receiverName } from '../common/callback-receiver.js';
import type { LogId } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { DueCallback } from '../logging/callback-outbox.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import type { ChangeToTell } from '../logging/status-change.js';
import { StatusJob } from '../queues/jobs.js';
import { LaneQueues, type NewJob } from '../queues/lane-queues.js';

/** A log that got another status, with those who are to be told. */
export interface ChangedLog {
  readonly log: Pick<IntegrationLog, '_id' | 'actionId' | 'integrationId'>;
  readonly toTell: ChangeToTell;
}

/** Queues the telling of status changes. Nothing here fails or is waited for: MongoDB knows what has to be told. */
@Injectable()
export class CallbackQueue {
  constructor(
    private readonly lanes: LaneQueues,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  add(changes: readonly ChangedLog[]): void {
    const jobs = changes.flatMap(({ log, toTell }) =>
      toTell.kinds.flatMap((kind) => {
        const receiver = receiverIn(log, kind);
        return receiver ? [jobOf(receiver, log._id, `${toTell.change.seq}`, 0)] : [];
      }),
    );
    void this.lanes.addAll(jobs);
  }

  /** Logs that were found to be due, or to have been left behind. */
  async addDue(receiver: Receiver, logs: readonly DueCallback[]): Promise<void> {
    await this.lanes.addAll(
      logs.flatMap(({ _id, callbacks }) => {
        const state = callbacks?.[receiver.kind];
        const first = state?.untold[0];
        return first ? [jobOf(receiver, _id, `${first.seq}-${state.failures}`, 0)] : [];
      }),
    );
  }

  /** Wakes a log whose receiver failed. Later ones stay in MongoDB. */
  async addLater(receiver: Receiver, logId: LogId, place: string, delayMs: number): Promise<void> {
    if (delayMs <= this.settings.delivery.queueAheadMs)
      await this.lanes.addAll([jobOf(receiver, logId, place, delayMs)]);
  }
}

/** One job for a place in the life of a log: a job that is at work does not keep the next one out. */
const jobOf = (receiver: Receiver, logId: LogId, place: string, delayMs: number): NewJob<'status.tell'> => {
  const name = receiverName(receiver);
  return {
    name: 'status.tell',
    payload: Object.assign(new StatusJob(), { receiver: name, logId }),
    jobId: `${name}-${logId}-${place}`,
    delayMs,
  };
};

function receiverIn({ actionId, integrationId }: ChangedLog['log'], kind: CallbackKind): Receiver | null {
  if (kind === 'class') return actionId === null ? null : { kind, actionId };
  return integrationId === null ? null : { kind, integrationId };
}
