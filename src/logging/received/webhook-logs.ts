import { isSourceId } from '../../common/ids.js';
import type { IntegrationLog } from '../integration-log.js';

/** Of a webhook that could not be verified. */
export const WEBHOOK_REFUSED = 'WEBHOOK_REFUSED';

const UNVERIFIED = [WEBHOOK_REFUSED, 'VERIFICATION_UNAVAILABLE'];
const UNREAD = [
  'REQUEST_TOO_LARGE',
  'CONTENT_ENCODING_UNSUPPORTED',
  'BODY_UNREADABLE',
  'HOOK_RATE_EXCEEDED',
  'HOOK_BUSY',
];
/** Of requests that were not taken, and so are nothing to work on. */
export const REFUSAL_CODES: readonly string[] = [...UNVERIFIED, ...UNREAD];

export const isRefused = ({ errorCode }: Pick<IntegrationLog, 'errorCode'>) =>
  errorCode !== null && REFUSAL_CODES.includes(errorCode);

/** It was refused before its body had been read. */
export const isUnread = ({ errorCode }: Pick<IntegrationLog, 'errorCode'>) =>
  errorCode !== null && UNREAD.includes(errorCode);

/** A log of a webhook, which is worked on from what was stored of its request. */
export const isWebhook = ({ integrationId }: Pick<IntegrationLog, 'integrationId'>) => isSourceId(integrationId);

/** Why nothing can be done with a webhook again; `null` where something can. */
export function whyNoMore({ errorCode, erasedAt }: Pick<IntegrationLog, 'errorCode' | 'erasedAt'>): string | null {
  if (isUnread({ errorCode })) return 'it was not taken, so nothing of it was kept';
  if (isRefused({ errorCode })) return 'it could not be verified, so nobody knows who sent it';
  return erasedAt ? 'the person whom it was about was erased, so there is nothing to work on' : null;
}
