import { WaybillError } from '../../common/waybill.error.js';

export class WebhookHandlersError extends WaybillError {
  readonly code = 'WEBHOOK_HANDLERS_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Give each webhook one method with @InboundWebhook.';

  constructor(faults: readonly string[]) {
    super(`The webhook handlers are not valid: ${faults.join('; ')}`, { details: { faults } });
  }
}
