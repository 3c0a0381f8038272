import type { CallbackKind } from '../common/callback-receiver.js';
import type { CallbackState, IntegrationLog } from './integration-log.js';
import type { ChildLog } from './integration-log.store.js';

/** A log as the API shows it: without the fields that only Waybill itself reads. */
export function logViewOf(log: IntegrationLog) {
  const {
    _id: id,
    contextKeys: _keys,
    errorKeys: _errorKeys,
    budgetFrom: _budget,
    firstAttempt: _first,
    lastExecutionId: _last,
    bodiesDueAt: _due,
    madeBy: _process,
    extracts = {},
    answers = null,
    answeredBy = [],
    repeats = null,
    callbacks = {},
    asSent = false,
    resolution = null,
    ...rest
  } = log;
  const { class: ofClass, url } = callbacks;
  const statusCallbacks = [
    ...(ofClass ? [callbackViewOf('class', ofClass)] : []),
    ...(url ? [callbackViewOf('url', url)] : []),
  ];
  return { id, ...rest, asSent, resolution, extracts, answers, answeredBy, repeats, statusCallbacks };
}

export function childViewOf({ _id: id, integrationName: name, ...rest }: ChildLog) {
  return { id, name, ...rest };
}

function callbackViewOf(receiver: CallbackKind, state: CallbackState) {
  const { lastTold, untold, nextAt = null, failures, lastError, givenUp } = state;
  return {
    receiver,
    lastTold: lastTold ? { status: lastTold.status, sequence: lastTold.seq, at: lastTold.at } : null,
    untold: untold.map(({ status }) => status),
    nextTryAt: nextAt,
    failures,
    lastError,
    givenUp,
  };
}
