import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { ClientSession, Collection, Model } from 'mongoose';
import { bounded, DATABASE_TIMEOUT_MS } from '../common/bounded.js';
import { GroupCommit } from '../common/group-commit.js';
import type { EventId, TenantId } from '../common/ids.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import { wasCommitted } from '../storage/transaction-state.js';
import { ACTION_EVENTS, type ActionEvent } from './action-event.collection.js';
import { DeliveryWatch } from './delivery-watch.js';
import { FILTER_FAILURE, firstChangeOf, queuedLogOf } from './queued-log.js';

/** `duplicate`: the event that had the same id already, and not the given one, is the one in force. */
export interface RecordedEvent {
  readonly event: ActionEvent;
  readonly duplicate: boolean;
}

/**
 * Writes events with their QUEUED logs. The event goes first and says that its logs are still to come; each write is
 * idempotent, so whoever finds such an event (a second emit, the reconciler) can complete it.
 */
@Injectable()
export class EventStore implements OnModuleInit {
  private readonly log = new Logger(EventStore.name);
  private readonly events: Model<ActionEvent>;
  private readonly rawEvents: Collection<ActionEvent>;
  private readonly commits = new GroupCommit<ActionEvent, RecordedEvent>({
    maxBatch: 500,
    maxPending: 5_000,
    ownerOf: ({ tenantId }) => tenantId,
    write: (events) => bounded(this.writeBatch(events), DATABASE_TIMEOUT_MS, `Recording ${events.length} events`),
  });
  private readonly completions = new GroupCommit<EventId, void>({
    maxBatch: 1_000,
    maxPending: 100_000,
    write: (ids) => bounded(this.markComplete(ids), DATABASE_TIMEOUT_MS, `Completing ${ids.length} events`),
  });

  constructor(
    private readonly database: Database,
    private readonly logs: IntegrationLogStore,
    private readonly queue: DeliveryQueue,
    private readonly callbacks: CallbackQueue,
    private readonly watch: DeliveryWatch,
  ) {
    database.beforeClose(() => Promise.all([this.commits.idle(), this.completions.idle()]));
    this.events = database.model(ACTION_EVENTS);
    this.rawEvents = database.collection(ACTION_EVENTS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(ACTION_EVENTS);
  }

  async find(tenantId: TenantId, id: EventId): Promise<ActionEvent | null> {
    return this.events.findOne({ _id: id, tenantId }).lean<ActionEvent>();
  }

  /** Resolves once the event and all of its logs are in MongoDB; many events that come together share the writes. */
  record(event: ActionEvent): Promise<RecordedEvent> {
    return this.commits.submit(event);
  }

  /**
   * Writes inside the host's transaction. Nothing is queued before its commit: then the session's end queues the tries,
   * or the reconciler does.
   */
  async recordIn(session: ClientSession, event: ActionEvent): Promise<RecordedEvent> {
    // Looked up first: a duplicate key error would abort the host's transaction.
    if (!session.inTransaction()) return this.record(event);
    const existing = await this.events
      .findByIdAndUpdate(event._id, { $inc: { duplicateCount: 1 }, $set: { lastDuplicateAt: new Date() } })
      .session(session)
      .lean<ActionEvent>();
    if (existing) return { event: existing, duplicate: true };
    await this.rawEvents.insertOne({ ...event }, { session });
    await this.logs.insertQueued(
      event.deliveries.map((delivery) => queuedLogOf(event, delivery)),
      session,
    );
    session.once('ended', () => {
      if (wasCommitted(session)) void this.enqueue([event]);
    });
    return { event, duplicate: false };
  }

  /** Events whose logs may be missing because their emitter died, oldest first. */
  async findIncomplete(before: Date, limit: number): Promise<ActionEvent[]> {
    return this.events
      .find({ fanOutPending: true, createdAt: { $lte: before } })
      .sort({ createdAt: 1 })
      .limit(limit)
      .lean<ActionEvent[]>();
  }

  /** Writes the logs that are missing, queues their tries, and marks the events complete. */
  async complete(events: readonly ActionEvent[]): Promise<void> {
    const withDeliveries = events.filter(({ deliveries }) => deliveries.length > 0);
    await this.logs.insertQueued(
      withDeliveries.flatMap((event) => event.deliveries.map((delivery) => queuedLogOf(event, delivery))),
    );
    await this.enqueue(withDeliveries);
    for (const { _id } of withDeliveries) {
      this.completions
        .submit(_id)
        .catch((error: unknown) => this.log.warn(`Event ${_id} stays marked as incomplete: ${String(error)}`));
    }
  }

  private async writeBatch(batch: readonly ActionEvent[]): Promise<RecordedEvent[]> {
    const documents = batch.map((event) =>
      event.deliveries.length > 0 ? { ...event, fanOutPending: true as const } : event,
    );
    const known = await insertMissing(() => this.rawEvents.insertMany(documents, { ordered: false }));
    const existing = await this.readExisting(batch.filter((_, index) => known.has(index)));
    const recorded = batch.map((event, index): RecordedEvent => {
      const earlier = known.has(index) ? existing.get(event._id) : undefined;
      return earlier ? { event: earlier, duplicate: true } : { event, duplicate: false };
    });
    const fresh = recorded.filter(({ duplicate }) => !duplicate).map(({ event }) => event);
    await this.complete([...fresh, ...[...existing.values()].filter(({ fanOutPending }) => fanOutPending)]);
    return recorded;
  }

  /** The events that were there before, each with the fact that it came again. */
  private async readExisting(duplicates: readonly ActionEvent[]): Promise<Map<EventId, ActionEvent>> {
    if (duplicates.length === 0) return new Map();
    await this.rawEvents.bulkWrite(
      duplicates.map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $inc: { duplicateCount: 1 }, $set: { lastDuplicateAt: new Date() } } },
      })),
      { ordered: false },
    );
    const found = await this.events.find({ _id: { $in: duplicates.map(({ _id }) => _id) } }).lean<ActionEvent[]>();
    return new Map(found.map((event) => [event._id, event]));
  }

  private async enqueue(events: readonly ActionEvent[]): Promise<void> {
    for (const { filterError } of events.flatMap(({ deliveries }) => deliveries)) {
      if (filterError !== null) this.watch.ended(FILTER_FAILURE);
    }
    this.callbacks.add(
      events.flatMap((event) =>
        event.deliveries.flatMap((delivery) => {
          const { logId: _id, integrationId } = delivery;
          const toTell = firstChangeOf(event, delivery);
          return toTell ? [{ log: { _id, integrationId, actionId: event.actionId }, toTell }] : [];
        }),
      ),
    );
    await this.queue.add(
      events.flatMap(({ createdAt, deliveries }) =>
        deliveries
          .filter(({ filterError }) => filterError === null)
          .map(({ logId, integrationId }) => ({ logId, integrationId, attempt: 1, dueAt: createdAt })),
      ),
    );
  }

  private async markComplete(ids: readonly EventId[]): Promise<void[]> {
    await this.rawEvents.updateMany({ _id: { $in: [...ids] } }, { $unset: { fanOutPending: '' } });
    return ids.map(() => undefined);
  }
}
