import { isSourceId } from '../../common/ids.js';
import type { IntegrationLog } from '../integration-log.js';

/** Of a webhook that could not be verified. */
export const WEBHOOK_REFUSED = 'WEBHOOK_REFUSED';

/** A log of a webhook, which is worked on from what was stored of its request. */
export const isWebhook = ({ integrationId }: Pick<IntegrationLog, 'integrationId'>) => isSourceId(integrationId);

/** Why nothing can be done with a webhook again; `null` where something can. */
export function whyNoMore({ errorCode, erasedAt }: Pick<IntegrationLog, 'errorCode' | 'erasedAt'>): string | null {
  if (errorCode === WEBHOOK_REFUSED) return 'it could not be verified, so nobody knows who sent it';
  return erasedAt ? 'the person whom it was about was erased, so there is nothing to work on' : null;
}
