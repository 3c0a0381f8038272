import type { LogId, TenantId } from '../../common/ids.js';
import type { RawRequest } from '../../logging/received/raw-request.js';

/** What a handler is told of a webhook beside its body. */
export interface ReceivedWebhook {
  readonly tenantId: TenantId;
  readonly vendor: string;
  readonly type: string;
  /** The vendor's id of the event, or the hash of the body where it has none. */
  readonly eventId: string;
  /** The same each time that this webhook is worked on; another one for a replay. */
  readonly idempotencyKey: string;
  readonly logId: LogId;
  /** From 1. */
  readonly attempt: number;
  readonly source: { readonly id: string; readonly name: string };
  /** As it came, but for `***` in place of its address's secret and of what proved its sender. */
  readonly request: RawRequest;
}

/** What was made of a webhook: what a `sync` source is answered with. */
export interface HandlerAnswer {
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body: unknown;
}
