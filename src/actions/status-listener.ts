import { bounded, HOST_TIMEOUT_MS } from '../common/bounded.js';
import type { ErrorClass } from '../common/error-class.js';
import type { EventId, IntegrationId, LogId, TenantId } from '../common/ids.js';
import type { ContextData } from '../common/primitives.js';
import type { ActionContext } from './action-context.js';
import type { ActionDefinition } from './action-definition.js';

/** A delivery got another status. */
export interface StatusUpdate<C extends object = ContextData> {
  /** The same each time this very change is told: dedupe by it. */
  readonly id: string;
  /** Grows with every change of one log: a lower number than one already seen is old news. */
  readonly sequence: number;
  /** `QUEUED`: waits for a try, at first or because a person retried it. `SUCCESS`: done. `FAIL`: gave up, a person is needed. */
  readonly status: 'QUEUED' | 'SUCCESS' | 'FAIL';
  /** When it got this status. */
  readonly at: Date;
  readonly tenantId: TenantId;
  readonly logId: LogId;
  readonly eventId: EventId | null;
  readonly action: { readonly id: number; readonly name: string };
  readonly integration: { readonly id: IntegrationId; readonly name: string; readonly vendor: string | null };
  readonly context: C;
  readonly correlationId: string;
  /** Tries made until then. */
  readonly attemptCount: number;
  readonly error: { readonly class: ErrorClass; readonly code: string | null; readonly message: string | null } | null;
  /** What was taken out of the vendor's answers so far, such as its own id of the record. */
  readonly extracts: Readonly<Record<string, unknown>>;
  /** The vendor has called about it: the webhook, whose log has what it said. The status is the one that it has already. */
  readonly answer?: { readonly type: string; readonly logId: LogId };
}

/**
 * Code that is told what becomes of the deliveries of an action: at least once, and for one delivery in the order in which
 * it happened. What it throws is told to nobody but Waybill's own log: the delivery stays as it is, and the same update
 * comes again, with growing waits, for about a day.
 */
export interface StatusListener<C extends ActionContext> {
  onStatus(update: StatusUpdate<C>): Promise<unknown> | void;
}

/** The host's listener of one action. */
export class ActionStatusListener {
  constructor(
    private readonly definition: ActionDefinition,
    private readonly listener: StatusListener<ActionContext>,
  ) {}

  async tell({ context, ...update }: StatusUpdate): Promise<void> {
    const typed = Object.assign(new this.definition.context(), context);
    await bounded(this.run({ ...update, context: typed }), HOST_TIMEOUT_MS, `onStatus of "${this.definition.name}"`);
  }

  /** Also what a listener throws before its first `await` is a rejection. */
  private async run(update: StatusUpdate<ActionContext>): Promise<void> {
    await this.listener.onStatus(update);
  }
}
