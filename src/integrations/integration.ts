import type { AuthSettings } from './auth/auth-kind.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { Signing } from './signing/signing.js';
import type { StoredTls } from './tls/tls.js';
import type { IntegrationId, TenantId } from '../common/ids.js';
import type { RedactionSettings } from '../common/redaction-rules.js';
import type { Traffic } from './traffic.js';
import type { BodyFormat } from './bodies/body-formats.js';

export const HTTP_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

export const COMPRESSIONS = ['none', 'gzip'] as const;
/** Whether the outgoing body is compressed (RFC 9110, section 8.4.1.3). */
export type Compression = (typeof COMPRESSIONS)[number];

/** Where a delivery goes. `url`, header values and query values may hold `{{path}}` parameters. */
interface Endpoint {
  method: HttpMethod;
  format: BodyFormat;
  compression: Compression;
  url: string;
  headers: Record<string, string>;
  query: Record<string, string>;
}

/** How a delivery authenticates: what may be read back, and a reference to what may not. */
export interface StoredAuth {
  kind: string;
  settings: AuthSettings;
  secretId: string | null;
}

/** A file of a host's provider that is put into the outgoing body just before sending. */
export interface AttachmentSpec {
  /** Dotted path in the outgoing body, such as `report.pdf`; in a multipart body the name of the file's part. */
  field: string;
  /** The name of an `@AttachmentProvider`. */
  provider: string;
}

export interface SuccessRule {
  /** Statuses that mean success: `200`, or a range `200-299`. */
  statuses: string[];
  /** JSONata over `{ status, headers, body }` that must also be true. */
  expression: string | null;
}

export interface RetryPolicy {
  maxAttempts: number;
  baseDelayMs: number;
  maxDelayMs: number;
  /** The waits themselves, in the place of the three above; `null`: exponential. */
  waitsMs: number[] | null;
  /** From when the action happened; `null`: no deadline. */
  deadlineMs: number | null;
}

/** What a person's retry may do. */
interface RetryRules {
  /** Whether the very body of the last try may be sent again, in the place of one that is built from the live record. */
  allowAsSent: boolean;
}

/** Where a host is told what becomes of the deliveries, and a reference to what it verifies the calls by. */
export interface StoredCallback {
  url: string;
  secretId: string;
}

/** What a person configures: tenant and action to one endpoint of one vendor. */
export interface IntegrationConfig {
  actionId: number;
  name: string;
  vendor: string;
  enabled: boolean;
  endpoint: Endpoint;
  auth: StoredAuth;
  /** Standard Webhooks signatures; `null`: none. */
  signing: Signing | null;
  /** A client certificate, private authorities, or both; `null`: neither. */
  tls: StoredTls | null;
  /** JSONata over the event; only where it is true is a delivery made. `null`: always. */
  filter: string | null;
  /** JSONata over the delivery input that makes the outgoing body. `null`: the data as the intent returned it. */
  mapping: string | null;
  /** JSON Schema that the outgoing body must meet, as JSON text: its names may start with `$`, which MongoDB's must not. `null`: none. */
  schemaJson: string | null;
  attachments: AttachmentSpec[];
  successRule: SuccessRule;
  /** JSONata over `{ status, headers, body }` of the answer, by the name under which the log keeps its result. */
  extracts: Record<string, string>;
  /** Bytes of each body that a log keeps; `null`: as many as this installation keeps. */
  loggedBodyBytes: number | null;
  /** What its logs hide beside what the tenant's hide; missing in those from before there was such a thing. */
  redaction?: RedactionSettings;
  /** Bounds one whole call, in milliseconds. */
  timeoutMs: number;
  retryPolicy: RetryPolicy;
  retry: RetryRules;
  /** `null`: what FAILed waits for a person. */
  retrySchedule: RetrySchedule | null;
  /** What the vendor bears. */
  traffic: Traffic;
  /** `null`: no URL is told. */
  statusCallback: StoredCallback | null;
}

/** Who stopped the deliveries of an integration for the time being, and why. */
interface Pause {
  by: string;
  at: Date;
  reason: string;
}

export interface Integration extends IntegrationConfig {
  _id: IntegrationId;
  tenantId: TenantId;
  /** Why Waybill itself disabled it; `null` where it is enabled or a person disabled it. */
  disabledReason: string | null;
  /** Set while a person has paused it: its deliveries wait, and nothing but a person resumes it. */
  pause: Pause | null;
  /** Counts up by one with each change. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** Who made this version. */
  updatedBy: string;
  /** This version is the deletion; the settings are those it had before. */
  deleted?: true;
}
