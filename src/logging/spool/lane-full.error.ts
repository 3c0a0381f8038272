import { WaybillError } from '../../common/waybill.error.js';

export class LaneFullError extends WaybillError {
  readonly code = 'LOG_LANE_FULL';
  readonly stage = 'record';
  readonly remedy = 'Bring MongoDB back, or raise the limit of the settings under `spool`.';

  constructor(lane: string, maxBytes: number) {
    super(`The ${lane} of log entries holds as much as it may, ${maxBytes} bytes`, { details: { lane, maxBytes } });
  }
}
