import { WaybillError } from '../../common/waybill.error.js';

export class BodyFormatError extends WaybillError {
  readonly code = 'BODY_FORMAT';
  readonly stage = 'map';
  readonly remedy = "Flatten the field in the integration's mapping, or send JSON, then retry the log.";

  constructor(field: string, expected: string, received: string) {
    super(`The body cannot be sent as a form: the field ${field} must be ${expected} (received: ${received})`, {
      details: { field },
    });
  }
}
