import type { CallbackKind } from '../common/callback-receiver.js';
import type { ErrorClass } from '../common/error-class.js';
import {
  asTenantId,
  type EventId,
  type ExecutionId,
  type IntegrationId,
  type LogId,
  type RetryBatchId,
  type ProcessId,
  type TenantId,
} from '../common/ids.js';
import type { ContextData } from '../common/primitives.js';

export const LOG_STATUSES = ['QUEUED', 'SUCCESS', 'FAIL'] as const;
/** `QUEUED`: waits for its first or next try. `SUCCESS`: done. `FAIL`: gave up, a person is needed. */
export type LogStatus = (typeof LOG_STATUSES)[number];

export const DIRECTIONS = ['outbound', 'inbound'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** Tenant of a log whose call named none; only keys of the platform see it. */
export const NO_TENANT = asTenantId('(none)');

/** A body as a log keeps it: redacted, cut at a limit, with what it was before. */
export interface CapturedBody {
  /** As its sender named it; `null` where it did not. */
  contentType: string | null;
  /** UTF-8 text; `null` where the body is binary, of which type, size and hash are kept only. */
  text: string | null;
  /** Of the whole body, before it was cut. */
  sizeBytes: number;
  sha256: string;
  /** Whether its end is not kept. */
  truncated: boolean;
  /** Bytes of the redacted text that were cut off; an answer that was not read to its end lacks more. */
  cutBytes: number;
  /** Where the text is, if it is too long to stand here; missing where it does. */
  payload?: PayloadReference;
  /** When the text was removed; missing while it is there. */
  removedAt?: Date;
  /** The text is there, but the log has more than one answer may hold. Only where it is read. */
  leftOut?: true;
}

interface PayloadReference {
  id: string;
  /** Until when it is kept at the least. */
  expiresAt: Date;
}

export interface CapturedRequest {
  /** Of HTTP; `CALL` of a decorated method, `JOB` of a decorated processor. */
  method: string;
  url: string;
  headers: Record<string, string>;
  body: CapturedBody | null;
  /** Who called; missing where we did, or nobody from outside. */
  clientIp?: string;
}

export interface CapturedResponse {
  status: number;
  headers: Record<string, string>;
  body: CapturedBody | null;
}

/** An answer for which the token was renewed and the call made again. */
export interface RefusedAnswer {
  at: Date;
  status: number;
  /** What the vendor said, on one line; `null` where it said nothing that can be read. */
  reason: string | null;
}

/** Why a try was made. `recovery`: the process of the try before died in mid-call. */
export type Trigger = 'first' | 'automatic' | 'manual' | 'recovery';

export const OUTCOMES = ['running', 'success', 'fail', 'unknown'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** Values that were lifted from an answer, by the names that the integration gives them. */
export type Extracts = Readonly<Record<string, string | number | boolean>>;

/** One try, as it happened. Once it has ended it is never changed. */
export interface Attempt {
  executionId: ExecutionId;
  /** From 1. */
  number: number;
  trigger: Trigger;
  /** Who asked for a manual retry, and why. */
  requestedBy: string | null;
  reason: string | null;
  startedAt: Date;
  durationMs: number;
  /** The version of the integration it was made with; `null` for calls without one. */
  integrationVersion: number | null;
  /**
   * `running`: a decorated method has not ended yet. `unknown`: the process died in mid-call, nobody knows whether the vendor
   * took it.
   */
  outcome: Outcome;
  errorClass: ErrorClass | null;
  errorCode: string | null;
  errorMessage: string | null;
  /** What a person can do about the error. */
  remedy: string | null;
  /** When the next try was due, as this one ended. */
  nextAttemptAt: Date | null;
  request: CapturedRequest | null;
  response: CapturedResponse | null;
  /** Where the try made two calls: how the first was answered. Missing where it made one. */
  refreshedAfter?: RefusedAnswer;
  /** What was lifted from the answer; missing where nothing was. */
  extracts?: Extracts;
  /** Why an extract has no value, by its name; missing where there is none. */
  extractFaults?: Record<string, string>;
  /** It sent the body of the try before it again; missing where it was built from the record. */
  asSent?: true;
}

/** The second and every further try: documents of their own, only ever added. */
export interface AttemptDocument extends Omit<Attempt, 'executionId'> {
  _id: ExecutionId;
  logId: LogId;
  tenantId: TenantId;
  /** It ended after another worker had taken the delivery over; it did not move the log. */
  superseded: boolean;
}

/** What a person asked for when retrying a log. */
export interface RetryRequest {
  requestedBy: string;
  reason: string;
  requestedAt: Date;
  /** The batch that it is part of; missing where it was asked for by itself. */
  batchId?: RetryBatchId;
}

/** What a person has settled about a log that FAILed. */
export interface Resolution {
  /** `retried`: it is being delivered again, or was. `resolved`: nothing more is sent. */
  kind: 'retried' | 'resolved';
  by: string;
  at: Date;
  note: string;
}

/** The fields of a log that move; everything else stays as it was captured. */
export interface LogSummary {
  status: LogStatus;
  errorClass: ErrorClass | null;
  errorCode: string | null;
  errorMessage: string | null;
  /** When its next try is due; `null` where none will be made by itself, and while a QUEUED one waits for another to end. */
  nextAttemptAt: Date | null;
  completedAt: Date | null;
  /** What the last try that lifted anything has lifted from its answer; missing where none has. */
  extracts?: Extracts;
}

/** Where a delivery stands among those that share a value of the field its integration orders by. */
export interface DeliveryOrderKey {
  /** `name=value` of the context field. */
  key: string;
  /** Grows with the time of the emit. */
  seq: number;
}

/** A webhook that tells what became of a delivery, long after its vendor took it. */
export interface DeliveryAnswer {
  /** Of the webhook. */
  logId: LogId;
  type: string;
}

/** Copies of a webhook that came after it. */
export interface Repeats {
  count: number;
  lastAt: Date;
}

/** Which delivery a webhook answers. */
export interface AnsweredDelivery {
  /** By which it was looked for, as the vendor gave it. */
  reference: string;
  /** `null` where no delivery has lifted that reference from its vendor's answer. */
  logId: LogId | null;
}

/** A log got another status, or was answered by a webhook while it has this one. */
export interface StatusChange {
  /**
   * Its place in the life of the log: 0 for the first, `2n` for the end of try n, `2n + 1` for a person's retry after it;
   * a thousandth more for each webhook that answered it by then.
   */
  seq: number;
  status: LogStatus;
  at: Date;
  attemptCount: number;
  errorClass: ErrorClass | null;
  errorCode: string | null;
  errorMessage: string | null;
  /** The webhook that answered; missing where the status is what changed. */
  answer?: DeliveryAnswer;
}

/** What one receiver was told of a log, and what it has still to be. */
export interface CallbackState {
  /** The last change that it took, and when; changes before it were taken or given up. Missing before the first. */
  lastTold?: Pick<StatusChange, 'seq' | 'status' | 'at'>;
  /** In the order they happened. */
  untold: StatusChange[];
  /** When the first of them is due; absent where there is none. */
  nextAt?: Date;
  /** A worker is telling, and owns the order until then. */
  lockedUntil?: Date;
  /** Of the first of them, in a row. */
  failures: number;
  failingSince: Date | null;
  lastError: string | null;
  /** Changes that could not be told in time, or whose receiver is gone. */
  givenUp: number;
}

export type CallbackStates = Partial<Record<CallbackKind, CallbackState>>;

/** One delivery or one inbound call. */
export interface IntegrationLog extends LogSummary {
  _id: LogId;
  tenantId: TenantId;
  direction: Direction;
  /** The event it delivers; `null` for a call that no event caused. */
  eventId: EventId | null;
  actionId: number | null;
  actionName: string | null;
  integrationId: IntegrationId | null;
  integrationName: string;
  vendor: string | null;
  context: ContextData;
  /** `name=value` of each context entry, and `extract.name=value` of whatever any try has lifted: what a search reads. */
  contextKeys: string[];
  /** What the last try's error is found by; missing where it did not fail. */
  errorKeys?: string[];
  attemptCount: number;
  /** `attemptCount` when a person last asked for a retry: automatic tries are counted from there. */
  budgetFrom: number;
  /** A manual retry that is waiting for its try. */
  retry: RetryRequest | null;
  /** Its tries send the body of the last one again. */
  asSent?: true;
  /** Missing while nobody has settled it, and again once a retry has FAILed. */
  resolution?: Resolution;
  firstAttempt: Attempt | null;
  lastExecutionId: ExecutionId | null;
  /** Only where the integration orders its deliveries. */
  order?: DeliveryOrderKey;
  /** When the person whom it was about was erased; it has no personal data since. */
  erasedAt?: Date;
  /** When bodies of tries that are younger than the log itself are looked at next; on few logs only. */
  bodiesDueAt?: Date;
  /** Only where somebody is told of its statuses. */
  callbacks?: CallbackStates;
  /** The webhooks that answered this delivery, in that order; missing where none did. */
  answeredBy?: (DeliveryAnswer & { at: Date })[];
  /** Which delivery this webhook answers; missing where its source names no reference, or it has none. */
  answers?: AnsweredDelivery;
  /** Missing where no copy of this webhook has come. */
  repeats?: Repeats;
  correlationId: string;
  parentLogId: LogId | null;
  /** Which process makes the call: of a decorated method, or of the first try of a webhook that it works on at once. */
  madeBy?: ProcessId;
  /** When the action happened. */
  occurredAt: Date;
  createdAt: Date;
  updatedAt: Date;
}

/** A context as the keys that a search reads. */
export const contextKeysOf = (context: ContextData) =>
  Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);

/** Extracts as the keys that a search reads. No context entry can be named so: their names have no dots. */
export const extractKeysOf = (extracts: Extracts) =>
  Object.entries(extracts).map(([name, value]) => `extract.${name}=${String(value)}`);
