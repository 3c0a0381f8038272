import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../actions/action-catalogue.js';
import type { RegisteredAction } from '../actions/registered-action.js';
import { contextHash } from '../common/context-hash.js';
import { asTenantId, eventIdFor, type LogId, logIdFor, newEventId } from '../common/ids.js';
import type { ContextData } from '../common/primitives.js';
import { nextSequence } from '../common/sequence.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ExpressionLimitError } from '../integrations/expressions/expression-limit.error.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import type { ActionEvent, EventRepeat, PlannedDelivery, SkippedIntegration } from './action-event.collection.js';
import { ContextTooLargeError } from './context-too-large.error.js';
import { checkIdempotencyKey } from './idempotency-key.js';
import { EventFilter } from './event-filter.js';
import { EventNotRecordedError } from './event-not-recorded.error.js';

export interface NewEvent {
  readonly action: RegisteredAction;
  readonly context: ContextData;
  readonly idempotencyKey: string | null;
  readonly correlationId: string;
  readonly parentLogId: LogId | null;
  readonly occurredAt: Date;
  readonly repeats?: EventRepeat | undefined;
}

type Decision = { readonly delivery: PlannedDelivery } | { readonly skipped: SkippedIntegration };

/** Decides what an event leads to: which integrations get a delivery, and why the others get none. */
@Injectable()
export class FanOut {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly filter: EventFilter,
    private readonly catalogue: ActionCatalogue,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws ContextTooLargeError */
  async plan(event: NewEvent): Promise<ActionEvent> {
    const { action, context, idempotencyKey } = event;
    this.checkSize(context);
    checkIdempotencyKey(idempotencyKey);
    const tenantId = asTenantId(String(context['tenantId']));
    const _id = idempotencyKey === null ? newEventId() : eventIdFor(tenantId, idempotencyKey);
    const integrations = await this.directory.forAction(tenantId, action.id);
    const decisions = await Promise.all(integrations.map((integration) => this.decide(_id, integration, event)));
    const deliveries = decisions.flatMap((decision) => ('delivery' in decision ? [decision.delivery] : []));
    const skipped = decisions.flatMap((decision) => ('skipped' in decision ? [decision.skipped] : []));
    return {
      _id,
      tenantId,
      actionId: action.id,
      actionName: action.name,
      context,
      contextHash: contextHash(context),
      idempotencyKey,
      ...(event.repeats ? { repeats: event.repeats } : {}),
      correlationId: event.correlationId,
      ...(event.parentLogId ? { parentLogId: event.parentLogId } : {}),
      occurredAt: event.occurredAt,
      createdAt: new Date(),
      deliveries,
      skipped,
      unmatchedReason: deliveries.length > 0 ? null : skipped.length > 0 ? 'all_skipped' : 'no_integration',
      duplicateCount: 0,
      lastDuplicateAt: null,
    };
  }

  private checkSize(context: ContextData): void {
    const sizeBytes = Buffer.byteLength(JSON.stringify(context));
    if (sizeBytes > this.settings.limits.contextBytes)
      throw new ContextTooLargeError(sizeBytes, this.settings.limits.contextBytes);
  }

  private async decide(eventId: ActionEvent['_id'], integration: Integration, event: NewEvent): Promise<Decision> {
    const { _id: integrationId, name: integrationName, vendor } = integration;
    if (!integration.enabled) return { skipped: { integrationId, reason: 'disabled' } };
    const filter = await this.evaluateFilter(integration, event);
    if (!filter.passed) return { skipped: { integrationId, reason: 'filtered' } };
    const logId = logIdFor(eventId, integrationId);
    const more = { ...orderOf(integration, event.context), ...this.callbacksOf(event.action, integration) };
    return { delivery: { logId, integrationId, integrationName, vendor, filterError: filter.error, ...more } };
  }

  private callbacksOf({ id }: RegisteredAction, { statusCallback }: Integration): Pick<PlannedDelivery, 'callbacks'> {
    const byClass = this.catalogue.findStatusListener(id) !== null;
    if (!byClass && !statusCallback) return {};
    return { callbacks: [...(byClass ? (['class'] as const) : []), ...(statusCallback ? (['url'] as const) : [])] };
  }

  /** @throws EventNotRecordedError where this process has no room for the filter now: the caller emits again. */
  private async evaluateFilter(
    integration: Integration,
    event: NewEvent,
  ): Promise<{ passed: boolean; error: string | null }> {
    try {
      return { passed: await this.filter.passes(integration, event), error: null };
    } catch (error) {
      if (error instanceof ExpressionLimitError && error.temporary) throw new EventNotRecordedError(error);
      return { passed: true, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** An event without the field has no place in any order. */
function orderOf({ traffic }: Integration, context: ContextData): Pick<PlannedDelivery, 'order'> {
  const by = traffic.ordering?.by;
  const value = by === undefined ? null : (context[by] ?? null);
  return value === null ? {} : { order: { key: `${by}=${String(value)}`, seq: nextSequence() } };
}
