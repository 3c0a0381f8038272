import type { IntegrationLog } from './integration-log.js';

/** A log as the API shows it: without the fields that only Waybill itself reads. */
export function logViewOf(log: IntegrationLog) {
  const {
    _id: id,
    contextKeys: _keys,
    errorKeys: _errorKeys,
    budgetFrom: _budget,
    firstAttempt: _first,
    lastExecutionId: _last,
    extracts = {},
    callbacks: _callbacks,
    ...rest
  } = log;
  return { id, ...rest, extracts };
}
