import type { IntegrationId } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';

export class CertificateExpiredError extends WaybillError {
  readonly code = 'CERTIFICATE_EXPIRED';
  readonly stage = 'config';
  readonly remedy = "Enter a new certificate and its key as the integration's tls, then retry the log.";

  constructor(integrationId: IntegrationId, expiredAt: Date) {
    super(`tls.certificate of ${integrationId} expired on ${expiredAt.toISOString()}; no call was made`, {
      details: { integrationId, expiredAt },
    });
  }
}
