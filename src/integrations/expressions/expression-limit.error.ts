import { WaybillError } from '../../common/waybill.error.js';
import type { ExpressionFailure } from './expression-failure.js';
import type { ExpressionLimit } from './expression-limits.js';

/** Waybill's own trouble rather than the expression's: the same evaluation may well succeed later. */
const TEMPORARY: ReadonlySet<ExpressionLimit> = new Set(['queue', 'start', 'stopped']);

/** An evaluation that was stopped, or not begun, because it went past a limit. */
export class ExpressionLimitError extends WaybillError {
  readonly code = 'EXPRESSION_LIMIT';
  readonly stage = 'map';
  readonly remedy: string;
  readonly limit: ExpressionLimit;
  /** Whether the same evaluation may succeed later: true for a full queue, and for a process that is too busy or is stopping. */
  readonly temporary: boolean;

  constructor(
    { reason, position, token, limit }: ExpressionFailure & { limit: ExpressionLimit },
    inputShape: string,
    what = 'expression',
  ) {
    const place = position === null ? '' : ` at character ${position}${token === null ? '' : ` (${token})`}`;
    const details = { limit, position, token, inputShape };
    super(`The ${what} was stopped${place}: ${reason}. Its input had the shape ${inputShape}`, { details });
    this.limit = limit;
    this.temporary = TEMPORARY.has(limit);
    this.remedy = this.temporary
      ? 'Retry later; if it happens often, add workers.'
      : `Simplify the ${what === 'expression' ? what : 'schema'} or give it a smaller input: it needs more than one evaluation may take.`;
  }
}
