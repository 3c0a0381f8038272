import { WaybillError } from '../../common/waybill.error.js';

export interface SyntaxFault {
  /** A sentence without its full stop. */
  readonly reason: string;
  /** Characters from the start of the source to the end of the token that could not be read. */
  readonly position?: number | undefined;
  readonly token?: string | undefined;
}

/** An expression that cannot be parsed. Line and column start at 1 and show where the faulty token begins. */
export class ExpressionSyntaxError extends WaybillError {
  readonly code = 'EXPRESSION_SYNTAX';
  readonly stage = 'map';
  readonly remedy =
    'Correct the expression at the place that is named; https://docs.jsonata.org describes the language.';
  readonly position: number;
  readonly line: number;
  readonly column: number;
  readonly token: string | null;

  constructor(source: string, { reason, position, token }: SyntaxFault, options?: ErrorOptions) {
    const start = startOf(source, position ?? 0, token);
    const before = source.slice(0, start).split('\n');
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    const details = { position: start, line, column, token: token ?? null };
    super(`The expression cannot be read at line ${line}, column ${column}. ${reason}`, { ...options, details });
    this.position = start;
    this.line = line;
    this.column = column;
    this.token = token ?? null;
  }
}

function startOf(source: string, position: number, token: string | undefined): number {
  const end = Math.min(Math.max(position, 0), source.length);
  const start = end - (token?.length ?? 0);
  return token !== undefined && source.slice(start, end) === token ? start : end;
}
