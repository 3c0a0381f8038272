import { WaybillError } from '../../common/waybill.error.js';
import type { IntegrationLog } from '../../logging/integration-log.js';

export class NotReplayableError extends WaybillError {
  readonly code = 'LOG_NOT_REPLAYABLE';
  readonly stage = 'retry';
  readonly remedy = 'Only webhooks that have ended are replayed; a delivery that FAILed is retried.';

  constructor({ _id, status }: IntegrationLog, why: string) {
    super(`Log ${_id} cannot be replayed: ${why}`, { details: { logId: _id, status } });
  }
}
