import { WaybillError } from '../common/waybill.error.js';

export class ContextTooLargeError extends WaybillError {
  readonly code = 'CONTEXT_TOO_LARGE';
  readonly stage = 'emit';
  readonly remedy = 'Put ids into the context, not data: the intent re-reads the records when the delivery is made.';

  constructor(sizeBytes: number, limitBytes: number) {
    super(`The context has ${sizeBytes} bytes as JSON, more than the ${limitBytes} of limits.contextBytes`, {
      details: { sizeBytes, limitBytes },
    });
  }
}
