import { WaybillError } from '../../common/waybill.error.js';

export class BodyTooLargeError extends WaybillError {
  readonly code = 'BODY_TOO_LARGE';
  readonly stage = 'map';
  readonly remedy = 'Send less by the mapping, or raise limits.outgoingBytes, then retry the log.';

  constructor(sizeBytes: number, limitBytes: number) {
    super(`The outgoing body has ${sizeBytes} bytes, more than the ${limitBytes} of limits.outgoingBytes`, {
      details: { sizeBytes, limitBytes },
    });
  }
}
