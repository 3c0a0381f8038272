import { WaybillError } from '../../common/waybill.error.js';
import type { ExpressionFailure } from './expression-failure.js';

/** An expression that could not be applied to its input. It names the input's keys and types, never its values. */
export class ExpressionFailedError extends WaybillError {
  readonly code = 'EXPRESSION_FAILED';
  readonly stage = 'map';
  readonly remedy = 'Correct the expression, or the record if it lacks what the expression needs, and retry.';

  /** Where a source is given, the place is named by its line and column too, both from 1. */
  constructor({ reason, position, token, jsonataCode }: ExpressionFailure, inputShape: string, source = '') {
    const lines = source.slice(0, position ?? 0).split('\n');
    const [line, column] = [lines.length, (lines.at(-1)?.length ?? 0) + 1];
    const inLine = line === 1 ? '' : `, line ${line}, column ${column}`;
    const place = position === null ? '' : ` at character ${position}${inLine}${token === null ? '' : ` (${token})`}`;
    const details = { position, line, column, token, jsonataCode, inputShape };
    super(`The expression failed${place}: ${reason}. Its input had the shape ${inputShape}`, { details });
  }
}
