import { WaybillError } from '../../common/waybill.error.js';

/** A mapped body that its format cannot hold. It names the field and the kind of its value, never the value. */
export class BodyFormatError extends WaybillError {
  readonly code = 'BODY_FORMAT';
  readonly stage = 'map';
  readonly remedy =
    "Correct the field in the integration's mapping, or choose another endpoint.format, then retry the log.";

  constructor(field: string, expected: string, received: string) {
    super(`The body cannot be written in its format: ${field} must be ${expected} (received: ${received})`, {
      details: { field },
    });
  }
}
