import type { IntegrationId } from '../common/ids.js';
import type { Integration } from '../integrations/integration.js';
import type { FailVerdict } from './pipeline/verdict.js';

/** Ends of a try for which no call was made, or for which nobody knows whether one was. */

export const PROCESS_DIED: FailVerdict = {
  outcome: 'unknown',
  errorClass: 'unknown',
  errorCode: 'PROCESS_DIED',
  errorMessage:
    'The process that made this try died or stopped answering before it ended; the vendor may have taken it',
  remedy: 'Waybill tries again with the same webhook-id, so that the vendor can recognise it.',
  retryAfterMs: null,
};

export const integrationDisabledVerdict = ({ name, disabledReason }: Integration): FailVerdict => ({
  outcome: 'fail',
  errorClass: 'config',
  errorCode: 'INTEGRATION_DISABLED',
  errorMessage: `The integration "${name}" is disabled${disabledReason === null ? '' : `: ${disabledReason}`}`,
  remedy: 'Enable the integration, then retry the log.',
  retryAfterMs: null,
});

export const integrationDeletedVerdict = (id: IntegrationId | null): FailVerdict => ({
  outcome: 'fail',
  errorClass: 'config',
  errorCode: 'INTEGRATION_DELETED',
  errorMessage: `The integration ${id ?? ''} was deleted`,
  remedy: 'Resolve the log with a note, or emit the event again for the integration that took its place.',
  retryAfterMs: null,
});

/** The error code of a log whose integration's filter could not be evaluated. */
export const FILTER_FAILED = 'FILTER_FAILED';

export const FILTERED_OUT: FailVerdict = {
  outcome: 'fail',
  errorClass: 'intent',
  errorCode: 'FILTERED',
  errorMessage: "The integration's filter, which could not be evaluated when the event was emitted, now leaves it out",
  remedy: 'Nothing was sent. Resolve the log with a note, or correct the filter and retry.',
  retryAfterMs: null,
};
