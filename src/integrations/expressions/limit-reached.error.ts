import type { ExpressionLimit } from './expression-limits.js';

/** Thrown by a guard inside an evaluation, where JSONata adds its position; never leaves the thread as it is. */
export class LimitReachedError extends Error {
  constructor(
    readonly limit: ExpressionLimit,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}
