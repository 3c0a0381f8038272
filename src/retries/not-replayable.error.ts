import { WaybillError } from '../common/waybill.error.js';
import type { IntegrationLog } from '../logging/integration-log.js';

export class NotReplayableError extends WaybillError {
  readonly code = 'LOG_NOT_REPLAYABLE';
  readonly stage = 'retry';
  readonly remedy =
    'Only webhooks that have ended are replayed. A delivery that FAILed is retried, and a record that a vendor has lost is sent by POST /v1/events/again.';

  constructor({ _id, status }: Pick<IntegrationLog, '_id' | 'status'>, why: string) {
    super(`Log ${_id} cannot be replayed: ${why}`, { details: { logId: _id, status } });
  }
}
