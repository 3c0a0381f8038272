import { WaybillError } from '../../common/waybill.error.js';

export class HandlerMissingError extends WaybillError {
  readonly code = 'HANDLER_MISSING';
  readonly stage = 'config';
  readonly remedy =
    'Deploy a method with @InboundWebhook for it, or give its source another way to be handled; then retry the log.';

  constructor(vendor: string, type: string, closest: string | null) {
    const near = closest === null ? '' : `; the nearest that has one is "${closest}"`;
    super(`No method takes the webhook "${vendor} ${type}"${near}`, { details: { vendor, type } });
  }
}
