import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { asIntegrationId, type LogId } from '../common/ids.js';
import type { CallbackKind, Receiver } from '../common/callback-receiver.js';
import { Database } from '../storage/database.js';
import type { CallbackState, IntegrationLog, StatusChange } from './integration-log.js';
import { INTEGRATION_LOGS } from './integration-log.collection.js';

/** Longer than telling one change can take: a worker that died owns the log for no longer than this. */
const LOCK_MS = 90_000;
/** A change is written with one machine's time and claimed with another's. */
const CLOCK_SKEW_MS = 1_000;

const WITHOUT_BODIES = { firstAttempt: 0 } as const;
const TOLD = { failures: 0, failingSince: null, lastError: null };

/** A log's place in the queue of a receiver. */
export type DueCallback = Pick<IntegrationLog, '_id' | 'callbacks'>;

/** The status changes that receivers have still to be told, as they stand in the logs themselves. */
@Injectable()
export class CallbackOutbox {
  private readonly logs: Collection<IntegrationLog>;

  constructor(database: Database) {
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  /** The log, where something is due to be told and nobody else is telling; it is the caller's until it is settled. */
  async claim(kind: CallbackKind, id: LogId): Promise<IntegrationLog | null> {
    const now = Date.now();
    const state = `callbacks.${kind}`;
    return this.logs.findOneAndUpdate(
      {
        _id: id,
        [`${state}.nextAt`]: { $lte: new Date(now + CLOCK_SKEW_MS) },
        [`${state}.lockedUntil`]: { $not: { $gt: new Date(now) } },
      },
      { $set: { [`${state}.lockedUntil`]: new Date(now + LOCK_MS) } },
      { returnDocument: 'after', projection: WITHOUT_BODIES },
    );
  }

  /** The change is done with. Answers with the log where more is to be told; else it is free again. */
  async told(kind: CallbackKind, id: LogId, change: StatusChange): Promise<IntegrationLog | null> {
    const { seq, status } = change;
    return this.settle(kind, id, change, { set: { ...TOLD, lastTold: { seq, status, at: new Date() } }, givenUp: 0 });
  }

  /** The change will never be told. Answers as `told`. */
  async giveUp(kind: CallbackKind, id: LogId, change: StatusChange, why: string): Promise<IntegrationLog | null> {
    return this.settle(kind, id, change, { set: { ...TOLD, lastError: why }, givenUp: 1 });
  }

  /** The change is told again at a later time; those behind it wait. */
  async postpone(
    kind: CallbackKind,
    id: LogId,
    change: StatusChange,
    { nextAt, failingSince, error }: { nextAt: Date; failingSince: Date; error: string },
  ): Promise<void> {
    const state = `callbacks.${kind}`;
    await this.logs.updateOne(
      { _id: id, [`${state}.untold.0.seq`]: change.seq },
      {
        $set: {
          [`${state}.nextAt`]: nextAt,
          [`${state}.failingSince`]: failingSince,
          [`${state}.lastError`]: error,
        },
        $inc: { [`${state}.failures`]: 1 },
        $unset: { [`${state}.lockedUntil`]: '' },
      },
    );
  }

  /** Logs that a receiver is due to be told of and nobody is telling, oldest first. */
  async findDueOf(receiver: Receiver, until: Date, limit: number): Promise<DueCallback[]> {
    const { kind } = receiver;
    const whose =
      receiver.kind === 'class' ? { actionId: receiver.actionId } : { integrationId: receiver.integrationId };
    return this.logs
      .find({
        ...whose,
        [`callbacks.${kind}.nextAt`]: { $gt: new Date(0), $lte: until },
        [`callbacks.${kind}.lockedUntil`]: { $not: { $gt: new Date() } },
      })
      .project<DueCallback>({ callbacks: 1 })
      .sort({ [`callbacks.${kind}.nextAt`]: 1 })
      .hint(`callbacks_${kind}`)
      .limit(limit)
      .toArray();
  }

  /** The next receiver of a kind that has something due until then, and since when: a walk along the index. */
  async nextWithDue(
    kind: CallbackKind,
    after: Receiver | null,
    until: Date,
  ): Promise<{ receiver: Receiver; dueAt: Date } | null> {
    const key = kind === 'class' ? 'actionId' : 'integrationId';
    const [log] = await this.logs
      .find({ ...placeAfter(kind, after), [`callbacks.${kind}.nextAt`]: { $gt: new Date(0), $lte: until } })
      .project<Pick<IntegrationLog, 'actionId' | 'integrationId' | 'callbacks'>>({
        actionId: 1,
        integrationId: 1,
        [`callbacks.${kind}.nextAt`]: 1,
      })
      .sort({ [key]: 1, [`callbacks.${kind}.nextAt`]: 1 })
      .hint(`callbacks_${kind}`)
      .limit(1)
      .toArray();
    const dueAt = log?.callbacks?.[kind]?.nextAt;
    const receiver = log && receiverIn(kind, log);
    return receiver && dueAt ? { receiver, dueAt } : null;
  }

  private async settle(
    kind: CallbackKind,
    id: LogId,
    { seq }: StatusChange,
    { set, givenUp }: { set: Partial<CallbackState>; givenUp: number },
  ): Promise<IntegrationLog | null> {
    const state = `callbacks.${kind}`;
    const fields = Object.fromEntries(Object.entries(set).map(([name, value]) => [`${state}.${name}`, value]));
    const first = { _id: id, [`${state}.untold.0.seq`]: seq };
    const count = { $inc: { [`${state}.givenUp`]: givenUp } };
    const { matchedCount } = await this.logs.updateOne(
      { ...first, [`${state}.untold`]: { $size: 1 } },
      {
        $set: { ...fields, [`${state}.untold`]: [] },
        ...count,
        $unset: { [`${state}.nextAt`]: '', [`${state}.lockedUntil`]: '' },
      },
    );
    if (matchedCount === 1) return null;
    // More has happened meanwhile: the caller, who owns the order, goes on with it.
    return this.logs.findOneAndUpdate(
      first,
      {
        $set: { ...fields, [`${state}.lockedUntil`]: new Date(Date.now() + LOCK_MS) },
        ...count,
        $pull: { [`${state}.untold`]: { seq } },
      },
      { returnDocument: 'after', projection: WITHOUT_BODIES },
    );
  }
}

function receiverIn(
  kind: CallbackKind,
  { actionId, integrationId }: Pick<IntegrationLog, 'actionId' | 'integrationId'>,
): Receiver | null {
  if (kind === 'class') return actionId ? { kind, actionId } : null;
  return integrationId ? { kind, integrationId } : null;
}

/** The receivers of a kind behind one, in the order of its index. */
function placeAfter(kind: CallbackKind, after: Receiver | null) {
  if (kind === 'class') return { actionId: { $gt: after?.kind === 'class' ? after.actionId : 0 } };
  return { integrationId: { $gt: after?.kind === 'url' ? after.integrationId : asIntegrationId('') } };
}
