import type { IntegrationId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

const REMEDIES = {
  SIGNING_OFF: 'Set signing of the integration first; the answer shows its first key.',
  SIGNING_KEYS_TOO_MANY: 'Wait until an older key has stopped to sign, or end the overlap now with overlapSeconds 0.',
} as const;

export class SigningRefusedError extends WaybillError {
  readonly stage = 'request';
  readonly remedy: string;

  constructor(
    readonly code: keyof typeof REMEDIES,
    integrationId: IntegrationId,
    problem: string,
  ) {
    super(`The signing secret of ${integrationId} cannot be rotated: ${problem}`, { details: { integrationId } });
    this.remedy = REMEDIES[code];
  }
}
