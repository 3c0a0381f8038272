import { WaybillError } from '../../common/waybill.error.js';
import type { ExpressionFailure } from './expression-failure.js';

/** An expression that could not be applied to its input. It names the input's keys and types, never its values. */
export class ExpressionFailedError extends WaybillError {
  readonly code = 'EXPRESSION_FAILED';
  readonly stage = 'map';
  readonly remedy = 'Correct the expression, or the record if it lacks what the expression needs, and retry.';

  constructor({ reason, position, token, jsonataCode }: ExpressionFailure, inputShape: string) {
    const place = position === null ? '' : ` at character ${position}${token === null ? '' : ` (${token})`}`;
    const details = { position, token, jsonataCode, inputShape };
    super(`The expression failed${place}: ${reason}. Its input had the shape ${inputShape}`, { details });
  }
}
