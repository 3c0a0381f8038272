import { hash } from 'node:crypto';
import type { FieldFault } from '../../common/field-fault.js';
import type { TenantId } from '../../common/ids.js';
import { RequestInvalidError } from '../../http/request-invalid.error.js';
import { type LogSearchPlan, planOf, readLogSearch } from '../../logging/log-search.js';
import { WEBHOOK_REFUSED } from '../../logging/received/webhook-logs.js';
import type { BatchSelection } from './retry-batch.js';

/** Which logs a person means: those of a filter, or those that are named. */
export interface WantedSelection {
  readonly filter?: Readonly<Record<string, unknown>> | undefined;
  readonly logIds?: readonly string[] | undefined;
}

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
      expected: 'must name something: all logs at once are not retried',
      received: 'empty',
    });
  if (faults.length > 0) throw new RequestInvalidError(faults);
  const { context, extracts, query } = readLogSearch(filter);
  const { limit: _limit, ...narrowing } = query;
  const names = [context, extracts, narrowing]
    .flatMap((part) => Object.values(part))
    .filter((value) => value !== undefined);
  if (names.length > 0) return;
  const expected = 'must name something: all logs at once are not retried';
  throw new RequestInvalidError([{ field: 'filter', expected, received: 'empty' }]);
}

/** The same selection of the same tenant, told by a short text. */
export const fingerprintOf = (tenantId: TenantId, selection: BatchSelection) =>
  hash('sha256', JSON.stringify([tenantId, selection]), 'hex').slice(0, 32);

/** Whether somebody has chosen the logs by this value of their context. */
export const namesSubject = (selection: BatchSelection, field: string, value: string): boolean =>
  selection.kind === 'filter' && readLogSearch(JSON.parse(selection.filterJson)).context[field] === value;

/** The logs of a selection that FAILed until then, that nobody has settled, and that can be retried: deliveries and webhooks. */
export function planOfSelection(tenantId: TenantId, selection: BatchSelection, failedBefore: Date): LogSearchPlan {
  const { filter, index } = basePlanOf(tenantId, selection);
  const retryable = {
    completedAt: { $lte: failedBefore },
    integrationId: { $ne: null },
    errorCode: { $ne: WEBHOOK_REFUSED },
  };
  return { filter: { $and: [filter, retryable] }, index };
}

const FAILED_LOGS = { status: 'FAIL', resolved: false } as const;

function basePlanOf(tenantId: TenantId, selection: BatchSelection): LogSearchPlan {
  if (selection.kind === 'filter') {
    const search = readLogSearch(JSON.parse(selection.filterJson));
    return planOf(tenantId, { ...search, query: Object.assign(search.query, FAILED_LOGS) });
  }
  if (selection.kind === 'schedule') {
    const { integrationId, classes } = selection;
    const { filter, index } = planOf(tenantId, { query: { ...FAILED_LOGS, integrationId }, context: {}, extracts: {} });
    return { filter: { $and: [filter, { errorClass: { $in: classes } }] }, index };
  }
  const { filter } = planOf(tenantId, { query: FAILED_LOGS, context: {}, extracts: {} });
  const logIds = selection.kind === 'ids' ? selection.logIds : [];
  // DocumentDB takes `_id_` for its primary key as well.
  return { filter: { $and: [filter, { _id: { $in: logIds } }] }, index: '_id_' };
}
