import { WaybillError } from '../common/waybill.error.js';

/** The sink did not take the entries and may take them later, as opposed to having refused them. */
export class SinkAwayError extends WaybillError {
  readonly code = 'LOG_SINK_AWAY';
  readonly stage = 'record';
  readonly remedy = 'Bring it back; until then the entries are kept in Redis, or in the spool of this machine.';

  constructor(sink: string, cause: unknown) {
    super(`${sink} does not take log entries: ${String(cause)}`, { cause });
  }
}
