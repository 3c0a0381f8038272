import { Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../../actions/action-catalogue.js';
import type { RegisteredAction } from '../../actions/registered-action.js';
import { ensureCallScope } from '../../common/call-scope.js';
import { contextHash } from '../../common/context-hash.js';
import type { TenantId } from '../../common/ids.js';
import type { ContextData } from '../../common/primitives.js';
import { IntegrationDirectory } from '../../integrations/integration-directory.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { LogFinder } from '../../logging/log-finder.js';
import { planOf } from '../../logging/log-search.js';
import { ActionDispatcher, type EmitResult } from '../action-dispatcher.js';
import type { ActionEvent, EventRepeat, PlannedDelivery, SkippedIntegration } from '../action-event.collection.js';
import { FanOut } from '../fan-out.js';
import { type PreviewedTry, PreviewRuns } from '../preview/preview-runs.js';
import { queuedLogOf } from '../queued-log.js';
import { AgainAmbiguousError } from './again-ambiguous.error.js';
import { AlreadyDeliveredError } from './already-delivered.error.js';

/** Earlier logs of a record that are looked at, the newest first. */
const MAX_EARLIER = 200;

/** A business record, told by ids of its context, and what is to be said of it again. */
export interface WantedAgain {
  readonly action: number | string;
  readonly context: Readonly<Record<string, unknown>>;
}

interface PreviewedDelivery {
  readonly delivery: PlannedDelivery;
  readonly next: PreviewedTry;
  /** Why it would come twice; `null` where it would not. */
  readonly duplicate: string | null;
}

export interface AgainPreview {
  readonly context: ContextData;
  /** The newest log of the record for this action; `null` where it has none. */
  readonly latest: IntegrationLog | null;
  readonly deliveries: readonly PreviewedDelivery[];
  readonly skipped: readonly SkippedIntegration[];
}

export interface EmitAgain extends WantedAgain {
  readonly reason: string;
  readonly by: string;
  readonly acceptDuplicate: boolean;
  readonly idempotencyKey?: string | undefined;
}

interface Found {
  readonly event: ActionEvent;
  readonly earlier: readonly IntegrationLog[];
}

/** Emits again for a business record, such as for an integration that came later, or a vendor that has lost it. */
@Injectable()
export class EventAgain {
  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly logs: LogFinder,
    private readonly fanOut: FanOut,
    private readonly directory: IntegrationDirectory,
    private readonly runs: PreviewRuns,
    private readonly dispatcher: ActionDispatcher,
  ) {}

  /**
   * What would be delivered to whom. Nothing is sent, and nothing is written.
   * @throws UnknownActionError, ContextInvalidError or AgainAmbiguousError
   */
  async preview(tenantId: TenantId, wanted: WantedAgain): Promise<AgainPreview> {
    const { event, earlier } = await this.find(tenantId, wanted);
    const deliveries = await Promise.all(
      event.deliveries.map(async (delivery) => ({
        delivery,
        next: await this.runs.run(
          queuedLogOf(event, delivery),
          await this.directory.forDelivery(delivery.integrationId),
        ),
        duplicate: duplicateOf(delivery, earlier),
      })),
    );
    return { context: event.context, latest: earlier[0] ?? null, deliveries, skipped: event.skipped };
  }

  /**
   * The new event says what it repeats, who wanted it and why.
   * @throws as `preview`, and AlreadyDeliveredError unless duplicates are accepted.
   */
  async emit(tenantId: TenantId, wanted: EmitAgain): Promise<EmitResult & { repeats: EventRepeat }> {
    const { event, earlier } = await this.find(tenantId, wanted);
    const duplicates = event.deliveries.flatMap((delivery) => duplicateOf(delivery, earlier) ?? []);
    if (duplicates.length > 0 && !wanted.acceptDuplicate) throw new AlreadyDeliveredError(duplicates);
    const repeats = { eventId: earlier[0]?.eventId ?? null, by: wanted.by, reason: wanted.reason };
    const { idempotencyKey } = wanted;
    const options = { repeats, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
    return { ...(await this.dispatcher.emitByReference(event.actionId, event.context, options)), repeats };
  }

  private async find(tenantId: TenantId, { action: reference, context }: WantedAgain): Promise<Found> {
    const action = await this.catalogue.get(reference);
    const logs = await this.earlierLogs(tenantId, action, context);
    const wanted = contextOf(action, { ...context, tenantId }, logs);
    const event = await this.fanOut.plan({
      action,
      context: wanted,
      idempotencyKey: null,
      correlationId: ensureCallScope().correlationId,
      parentLogId: null,
      occurredAt: new Date(),
    });
    const subject = contextHash(wanted);
    return { event, earlier: logs.filter((log) => contextHash(log.context) === subject) };
  }

  private earlierLogs(
    tenantId: TenantId,
    { id }: RegisteredAction,
    context: WantedAgain['context'],
  ): Promise<IntegrationLog[]> {
    const ids = Object.fromEntries(
      Object.entries(context).flatMap(([name, value]) => (name === 'tenantId' ? [] : [[name, String(value)]])),
    );
    const plan = planOf(tenantId, { query: { actionId: id, direction: 'outbound' }, context: ids, extracts: {} });
    return this.logs.list(plan, null, MAX_EARLIER);
  }
}

/** The record's whole context: as it is given, or as the logs know it where the ids fit one record only. */
function contextOf(
  action: RegisteredAction,
  given: Readonly<Record<string, unknown>>,
  logs: readonly IntegrationLog[],
): ContextData {
  const known = new Map(logs.map(({ context }) => [contextHash(context), context]));
  const [only] = known.values();
  if (only && known.size === 1) return only;
  const parsed = action.parseContext(given);
  if (known.size > 1 && !known.has(contextHash(parsed))) throw new AgainAmbiguousError(known.size, action.name);
  return parsed;
}

function duplicateOf({ integrationId, integrationName }: PlannedDelivery, earlier: readonly IntegrationLog[]) {
  const same = earlier.filter((log) => log.integrationId === integrationId);
  const done = same.find(({ status }) => status === 'SUCCESS');
  if (done)
    return `"${integrationName}" has taken it at ${(done.completedAt ?? done.updatedAt).toISOString()} (${done._id})`;
  const waiting = same.find(({ status }) => status === 'QUEUED');
  return waiting ? `"${integrationName}" is being sent it (${waiting._id})` : null;
}
