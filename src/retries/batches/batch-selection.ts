import { hash } from 'node:crypto';
import type { FieldFault } from '../../common/field-fault.js';
import { asIntegrationId, isSourceId, type TenantId } from '../../common/ids.js';
import { RequestInvalidError } from '../../http/request-invalid.error.js';
import { type LogSearchPlan, planOf, readLogSearch } from '../../logging/log-search.js';
import { REFUSAL_CODES } from '../../logging/received/webhook-logs.js';
import type { BatchSelection, RetryBatch } from './retry-batch.js';

/** Which logs a person means: those of a filter, or those that are named. */
export interface WantedSelection {
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
  readonly logIds?: readonly string[] | undefined;
  /** Those that FAILed are retried, webhooks that SUCCEEDed are replayed. */
  readonly status?: BatchStatus | undefined;
}

export const BATCH_STATUSES = ['FAIL', 'SUCCESS'] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Belong to the batch itself, or to pages. */
const NOT_IN_A_FILTER = ['tenantId', 'limit', 'cursor', 'status', 'resolved'];

/** @throws RequestInvalidError unless it is one of the two, and narrows the logs down. */
export function checkFilter(filter: Readonly<Record<string, unknown>>): void {
  const faults: FieldFault[] = Object.keys(filter)
    .filter((name) => NOT_IN_A_FILTER.includes(name))
    .map((name) => ({
      field: `filter.${name}`,
      expected: 'has no place in the filter of a batch',
      received: 'a value',
    }));
  if (Object.keys(filter).length === 0)
    faults.push({
      field: 'filter',
      expected: 'must name something: a batch never takes all logs at once',
      received: 'empty',
    });
  if (faults.length > 0) throw new RequestInvalidError(faults);
  const { context, extracts, query } = readLogSearch(filter);
  const { limit: _limit, ...narrowing } = query;
  const names = [context, extracts, narrowing]
    .flatMap((part) => Object.values(part))
    .filter((value) => value !== undefined);
  if (names.length > 0) return;
  const expected = 'must name something: a batch never takes all logs at once';
  throw new RequestInvalidError([{ field: 'filter', expected, received: 'empty' }]);
}

/** @throws RequestInvalidError unless it finds webhooks only. */
export function checkFindsWebhooks(filter: Readonly<Record<string, unknown>>): void {
  const { direction, integrationId } = readLogSearch(filter).query;
  const isOfSource = integrationId !== undefined && isSourceId(asIntegrationId(integrationId));
  if (direction !== 'outbound' && (isOfSource || (direction === 'inbound' && integrationId === undefined))) return;
  const expected =
    'must be inbound, or integrationId that of a source: deliveries that SUCCEEDed are not made again by a batch';
  throw new RequestInvalidError([{ field: 'filter.direction', expected, received: direction ?? 'nothing' }]);
}

/** The same selection of the same tenant, told by a short text. */
export const fingerprintOf = (tenantId: TenantId, { selection, replays }: Chosen) =>
  hash('sha256', JSON.stringify([tenantId, selection, replays]), 'hex').slice(0, 32);

/** Whether somebody has chosen the logs by this value of their context. */
export const namesSubject = (selection: BatchSelection, field: string, value: string): boolean =>
  selection.kind === 'filter' && readLogSearch(JSON.parse(selection.filterJson)).context[field] === value;

/** Which logs, and whether they are webhooks to be replayed. */
export type Chosen = Pick<RetryBatch, 'selection' | 'replays'>;

/**
 * The logs of a selection that ended until then: deliveries and webhooks that FAILed, that nobody has settled and that can be
 * retried; or webhooks that SUCCEEDed. A filter finds those as they came, and no replays of them.
 */
export function planOfSelection(tenantId: TenantId, chosen: Chosen & Pick<RetryBatch, 'failedBefore'>): LogSearchPlan {
  const { selection, replays, failedBefore } = chosen;
  const { filter, index } = basePlanOf(tenantId, selection, replays ? SUCCEEDED_LOGS : FAILED_LOGS);
  const ended = { completedAt: { $lte: failedBefore } };
  const able = replays
    ? { ...ended, ...WEBHOOKS, ...(selection.kind === 'ids' ? {} : { parentLogId: null }) }
    : { ...ended, integrationId: { $ne: null }, errorCode: { $nin: REFUSAL_CODES } };
  return { filter: { $and: [filter, able] }, index };
}

const FAILED_LOGS = { status: 'FAIL', resolved: false } as const;
const SUCCEEDED_LOGS = { status: 'SUCCESS' } as const;
/** Of sources, by their ids. */
const WEBHOOKS = { integrationId: { $gte: asIntegrationId('src_'), $lt: asIntegrationId('src`') } };

function basePlanOf(
  tenantId: TenantId,
  selection: BatchSelection,
  ended: typeof FAILED_LOGS | typeof SUCCEEDED_LOGS,
): LogSearchPlan {
  if (selection.kind === 'filter') {
    const search = readLogSearch(JSON.parse(selection.filterJson));
    return planOf(tenantId, { ...search, query: Object.assign(search.query, ended) });
  }
  if (selection.kind === 'schedule') {
    const { integrationId, classes } = selection;
    const { filter, index } = planOf(tenantId, { query: { ...ended, integrationId }, context: {}, extracts: {} });
    return { filter: { $and: [filter, { errorClass: { $in: classes } }] }, index };
  }
  const { filter } = planOf(tenantId, { query: ended, context: {}, extracts: {} });
  const logIds = selection.kind === 'ids' ? selection.logIds : [];
  // DocumentDB takes `_id_` for its primary key as well.
  return { filter: { $and: [filter, { _id: { $in: logIds } }] }, index: '_id_' };
}
