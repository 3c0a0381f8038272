import { WaybillError } from '../common/waybill.error.js';

export class HeadersTooLargeError extends WaybillError {
  readonly code = 'HEADERS_TOO_LARGE';
  readonly stage = 'map';
  readonly remedy =
    'Put the value into the body by the mapping, or correct the record that the header reads, then retry the log.';

  constructor(what: string, sizeBytes: number, limitBytes: number) {
    super(`${what} would have ${sizeBytes} bytes, more than the ${limitBytes} that vendors' servers read`, {
      details: { sizeBytes, limitBytes },
    });
  }
}
