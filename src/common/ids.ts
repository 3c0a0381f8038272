import { createHash, randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

export type TenantId = Branded<'TenantId'>;
export type EventId = Branded<'EventId'>;
export type LogId = Branded<'LogId'>;
/** Of whatever has logs of its own: an integration (`int_`), or a source of webhooks (`src_`), which is one the other way round. */
export type IntegrationId = Branded<'IntegrationId'>;
export type RetryBatchId = Branded<'RetryBatchId'>;
export type ErasureId = Branded<'ErasureId'>;
export type ExecutionId = Branded<'ExecutionId'>;
/** One start of one application. */
export type ProcessId = Branded<'ProcessId'>;
/** One try of one log: `<log id>-<number of the try, from 1>`. */
export type TryId = Branded<'TryId'>;

/** Brands a string whose form was checked where it came in (an API key, a DTO, a context). */
export const asTenantId = (value: string) => value as TenantId;
export const asLogId = (value: string) => value as LogId;
export const asEventId = (value: string) => value as EventId;
export const asIntegrationId = (value: string) => value as IntegrationId;
export const asRetryBatchId = (value: string) => value as RetryBatchId;
export const asErasureId = (value: string) => value as ErasureId;
export const asTryId = (value: string) => value as TryId;

/** Lower-case letters, digits, `-` and `_`, 1 to 64 characters, starting with a letter or a digit. */
export const TENANT_ID_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Ordered by time, so that pages by id are pages by age. */
const unique = (prefix: string) => `${prefix}_${uuidv7().replaceAll('-', '')}`;

/** Without an order: ten times as fast, for what every try of every delivery makes. */
const random = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`;

const derived = (prefix: string, ...parts: string[]) =>
  `${prefix}_${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)}`;

export const newEventId = () => unique('evt') as EventId;
export const newLogId = () => unique('log') as LogId;
export const newIntegrationId = () => unique('int') as IntegrationId;
export const isSourceId = (id: IntegrationId | null) => id?.startsWith('src_') === true;
export const newSourceId = () => unique('src') as IntegrationId;
export const newExecutionId = () => random('exe') as ExecutionId;
export const newErasureId = () => unique('era') as ErasureId;
export const newProcessId = () => unique('prc') as ProcessId;
export const newSecretId = () => unique('sec');
export const newCorrelationId = () => random('cor');

/** The same tenant and key give the same event, in any process: that is what makes an emit idempotent. */
export const eventIdFor = (tenantId: TenantId, idempotencyKey: string) =>
  derived('evt', tenantId, idempotencyKey) as EventId;

/** One log for each event and integration, so that writing the logs of an event twice writes them once. */
export const logIdFor = (eventId: EventId, integrationId: IntegrationId) =>
  derived('log', eventId, integrationId) as LogId;

/** The same webhook of a source gives the same log, so that copies of it are one; `after` is the log of an equal one long ago. */
export const webhookLogIdFor = (sourceId: IntegrationId, eventId: string, after: LogId | null) =>
  derived('log', sourceId, eventId, after ?? '') as LogId;

/** A batch replays each of its webhooks once, in whichever process that is done. */
export const replayLogIdFor = (batchId: RetryBatchId, logId: LogId) => derived('log', batchId, logId) as LogId;

/** The same confirmation gives the same batch, so that a double click makes one. */
export const retryBatchIdOf = (confirmation: string) => derived('rtb', confirmation) as RetryBatchId;

/** The batch of one run of a schedule: the same in whichever process makes it. */
export const retryBatchIdFor = (integrationId: IntegrationId, dueAt: Date) =>
  derived('rtb', integrationId, dueAt.toISOString()) as RetryBatchId;

/** The record of a try whose process died: the same for whoever takes the work over, however often. */
export const lostExecutionIdFor = (logId: LogId, attempt: number) =>
  derived('exe', logId, String(attempt), 'lost') as ExecutionId;

/** Failures of one integration with the same class and the same message pattern are one group. */
export const failureGroupIdFor = (
  tenantId: TenantId,
  integrationId: IntegrationId | null,
  errorClass: string,
  pattern: string,
) => derived('fgr', tenantId, integrationId ?? '', errorClass, pattern);
