import { errorKeysOf } from '../error-keys.js';
import type { Attempt, IntegrationLog } from '../integration-log.js';

/** Why a delivery that waited was not made. */
const ERASED = 'ERASED';
const ERASED_MESSAGE = 'The person whom this delivery was about has been erased; nothing more is sent';

/** A try without anything that was sent, received or said: ids, times and classes. */
export function scrubbedAttempt(attempt: Attempt): Attempt {
  const { extracts: _extracts, extractFaults: _faults, refreshedAfter: _refused, ...rest } = attempt;
  return { ...rest, ...SCRUBBED };
}

const SCRUBBED = { request: null, response: null, errorMessage: null, remedy: null, reason: null };

/** The same of a try that is a document of its own. */
export const SCRUB_ATTEMPT = {
  $set: SCRUBBED,
  $unset: { extracts: '', extractFaults: '', refreshedAfter: '' },
} as const;

/** What makes a log one without personal data. A delivery that waits FAILs: its record must not be captured again. */
export function scrubOf(log: IntegrationLog, now: Date) {
  const waits = log.status === 'QUEUED';
  const error = waits
    ? ({ errorClass: 'intent', errorCode: ERASED, errorMessage: ERASED_MESSAGE } as const)
    : { errorClass: log.errorClass, errorCode: log.errorCode, errorMessage: null };
  return {
    $set: {
      ...error,
      ...errorKeysOf(error),
      ...(waits ? ({ status: 'FAIL', nextAttemptAt: null, completedAt: now } as const) : {}),
      context: {},
      contextKeys: [],
      retry: null,
      ...(log.resolution ? { resolution: { ...log.resolution, note: '' } } : {}),
      firstAttempt: log.firstAttempt && scrubbedAttempt(log.firstAttempt),
      erasedAt: now,
    },
    $unset: { extracts: '', answers: '', order: '', callbacks: '', bodiesDueAt: '' },
  };
}
