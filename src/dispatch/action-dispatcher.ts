import { Injectable } from '@nestjs/common';
import { type ClientSession, mongo } from 'mongoose';
import { ActionCatalogue } from '../actions/action-catalogue.js';
import type { ActionContext } from '../actions/action-context.js';
import type { ActionDefinition } from '../actions/action-definition.js';
import { ensureCallScope } from '../common/call-scope.js';
import type { EventId, IntegrationId, LogId } from '../common/ids.js';
import { OperationTimeoutError } from '../common/operation-timeout.error.js';
import { kindOf } from '../common/primitives.js';
import { WaybillError } from '../common/waybill.error.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import type { ActionEvent, EventRepeat, SkippedIntegration } from './action-event.collection.js';
import { EventNotRecordedError } from './event-not-recorded.error.js';
import { EventStore, type RecordedEvent } from './event-store.js';
import { FanOut } from './fan-out.js';
import { IdempotencyConflictError } from './idempotency-conflict.error.js';

export interface EmitOptions {
  /** The same tenant and key mean the same event: it is recorded and delivered once, however often it is emitted. 1 to 255 characters. */
  readonly idempotencyKey?: string;
  /** When it happened, where that is not now. */
  readonly occurredAt?: Date;
  /** Ties log rows and log lines to the caller's own. By default the one of the running call, or a new one. */
  readonly correlationId?: string;
  /** The host's transaction: the event commits with it, or not at all. Needs `mongodb.connection` and a replica set. */
  readonly session?: ClientSession;
  /** What this event repeats, where a person has had it emitted again. */
  readonly repeats?: EventRepeat;
}

export interface EmitResult {
  readonly eventId: EventId;
  /** The idempotency key was used before: this is the earlier event, and nothing new was queued. */
  readonly duplicate: boolean;
  readonly deliveries: readonly { readonly logId: LogId; readonly integrationId: IntegrationId }[];
  /** The integrations for this action that get no delivery, each with its reason. */
  readonly skipped: readonly SkippedIntegration[];
}

/** The one place where actions are emitted. */
@Injectable()
export class ActionDispatcher {
  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly fanOut: FanOut,
    private readonly events: EventStore,
  ) {}

  /**
   * Records that an action happened. When it resolves, the event and a QUEUED log for every matching integration are in
   * MongoDB; from there on nothing is lost, whatever dies.
   *
   * @throws UnknownActionError, ContextInvalidError, ContextTooLargeError, or RequestInvalidError for an option that is not
   * valid: nothing was recorded.
   * @throws IdempotencyConflictError the key was used for another action or context.
   * @throws EventNotRecordedError MongoDB could not take it; emit again with the same key.
   */
  emit<C extends ActionContext>(
    action: ActionDefinition<C>,
    context: C,
    options: EmitOptions = {},
  ): Promise<EmitResult> {
    return this.emitByReference(action.id, context, options);
  }

  /** As `emit`, for callers that know the action's id or name only. */
  async emitByReference(reference: number | string, context: unknown, options: EmitOptions = {}): Promise<EmitResult> {
    try {
      checkOccurredAt(options.occurredAt);
      const { correlationId, logId: parentLogId = null } = ensureCallScope();
      const action = await this.catalogue.get(reference);
      const planned = await this.fanOut.plan({
        action,
        context: action.parseContext(context),
        idempotencyKey: options.idempotencyKey ?? null,
        correlationId: options.correlationId ?? correlationId,
        parentLogId,
        occurredAt: options.occurredAt ?? new Date(),
        repeats: options.repeats,
      });
      const recorded = await (options.session
        ? this.events.recordIn(options.session, planned)
        : this.events.record(planned));
      return resultOf(planned, recorded);
    } catch (error) {
      if (error instanceof WaybillError && !(error instanceof OperationTimeoutError)) throw error;
      // The driver decides by its own errors whether the host's transaction is worth another try.
      if (options.session && error instanceof mongo.MongoError) throw error;
      throw new EventNotRecordedError(error);
    }
  }
}

/** @throws RequestInvalidError */
function checkOccurredAt(occurredAt: unknown): void {
  if (occurredAt === undefined || (occurredAt instanceof Date && !Number.isNaN(occurredAt.getTime()))) return;
  const expected = 'must be a Date that is a time, or be left out for now';
  throw new RequestInvalidError([{ field: 'occurredAt', expected, received: kindOf(occurredAt) }]);
}

function resultOf(planned: ActionEvent, { event, duplicate }: RecordedEvent): EmitResult {
  if (duplicate && (event.actionId !== planned.actionId || event.contextHash !== planned.contextHash)) {
    throw new IdempotencyConflictError(event._id);
  }
  return {
    eventId: event._id,
    duplicate,
    deliveries: event.deliveries.map(({ logId, integrationId }) => ({ logId, integrationId })),
    skipped: event.skipped,
  };
}
