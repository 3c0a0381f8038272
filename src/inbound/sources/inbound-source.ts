import type { IntegrationId, TenantId } from '../../common/ids.js';
import type { Integration, RetryPolicy } from '../../integrations/integration.js';
import type { BulkFormat } from '../bulk/record-reader.js';
import type { RateLimit, Traffic } from '../../integrations/traffic.js';

export const SOURCE_MODES = ['async', 'sync'] as const;
/**
 * `async`: a webhook is acknowledged once it is stored, and worked on later. `sync`: its handler runs first, and what it
 * returns is the answer.
 */
export type SourceMode = (typeof SOURCE_MODES)[number];

/** How callers prove who they are: what may be read back, and a reference to what may not. */
export interface StoredVerification {
  kind: string;
  settings: Record<string, unknown>;
  /** Of the secrets, as JSON. `null` where the kind has none. */
  secretId: string | null;
}

/** What a webhook is worked on by. */
export type Handling =
  /** The host's method with `@InboundWebhook(vendor, type)`. */
  | { kind: 'handler' }
  /** The very body is posted on to the host, signed as Standard Webhooks. */
  | { kind: 'forward'; url: string; secretId: string }
  /** JSONata over `{ type, id, headers, query, body }` that makes the context of an action, which is emitted. */
  | { kind: 'emit'; actionId: number; mapping: string };

/** What a person configures: a vendor that calls, how it proves who it is, and what is done with what it sends. */
export interface InboundSourceConfig {
  name: string;
  vendor: string;
  enabled: boolean;
  verification: StoredVerification;
  /** Where the type of event stands in a webhook ({@link valueAtPlace}); `null`: all are of one type, `*`. */
  eventType: string | null;
  /** Where the vendor's id of the event stands; `null`: the id that the verification found, or else the hash of the body. */
  eventId: string | null;
  /** Names to places of what is searched for by: it stands in the context of the log. */
  context: Record<string, string>;
  /** For so long the same event is one webhook. */
  dedupeWindowMs: number;
  mode: SourceMode;
  /** How long a `sync` source may take to answer; from there on it answers 202, and goes on. */
  answerWithinMs: number;
  /** One try of its handler is given up after this. */
  timeoutMs: number;
  maxBytes: number;
  /** Calls that are taken; `null`: all. */
  rate: RateLimit | null;
  /** Addresses that may call; empty: any. */
  allowCidrs: string[];
  /** JSON Schema that the body must meet, as JSON text; `null`: none. */
  schemaJson: string | null;
  handling: Handling;
  /** Its webhooks are files of records, each of which is handled by itself; `null`: they are not. */
  bulk: BulkFormat | null;
  /** Whether a refused call is kept with its body, which anybody may have sent. */
  keepsRefusedBodies: boolean;
  retryPolicy: RetryPolicy;
  /** `concurrency` and `breaker` bound the work; `ordering.by` is a place in the webhook. */
  traffic: Traffic;
  /** Where the vendor's reference stands, and under which name an outbound log has lifted it. `null`: webhooks answer no delivery. */
  answers: { reference: string; extract: string } | null;
}

/** One of the secrets in the addresses of a source. */
export interface SourceToken {
  sha256: string;
  createdAt: Date;
  /** Set once it was replaced. */
  validUntil: Date | null;
  /** Of an address: where the page for the vendor's developer reads it. */
  secretId?: string;
}

export interface InboundSource extends InboundSourceConfig {
  _id: IntegrationId;
  tenantId: TenantId;
  /** Of its address, the newest first. */
  tokens: SourceToken[];
  /** Of the page for the vendor's developer. */
  pageToken: SourceToken;
  disabledReason: string | null;
  /** Set while a person has paused it: webhooks are acknowledged, and wait. */
  pause: Integration['pause'];
  version: number;
  createdAt: Date;
  updatedAt: Date;
  updatedBy: string;
  deleted?: true;
}
