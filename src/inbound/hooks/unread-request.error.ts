import type { ErrorClass } from '../../common/error-class.js';
import { WaybillError } from '../../common/waybill.error.js';

/** A request was not taken before its body was read to its end. `verdict`: why, for staff and for the vendor's developer. */
export abstract class UnreadRequestError extends WaybillError {
  readonly stage = 'request';
  abstract readonly errorClass: ErrorClass;

  constructor(
    message: string,
    readonly verdict: string,
    options?: ConstructorParameters<typeof WaybillError>[1],
  ) {
    super(message, options);
  }
}
