import type { ExpressionLimit } from './expression-limits.js';
import { LimitReachedError } from './limit-reached.error.js';

/** Why an evaluation failed, as plain data that crosses the thread's boundary. It holds none of the input's values. */
export interface ExpressionFailure {
  /** What stopped it; null where the expression itself failed. */
  readonly limit: ExpressionLimit | null;
  /** A sentence without its full stop. */
  readonly reason: string;
  /** Characters from the start of the source, where JSONata knows the place. */
  readonly position: number | null;
  /** The function or operator that failed, as the source names it. */
  readonly token: string | null;
  /** JSONata's own code, such as `T2001`. */
  readonly jsonataCode: string | null;
}

/** JSONata's messages quote values, which may be a patient's; these say the same without. */
const REASONS: Readonly<Record<string, string>> = {
  D1001: 'A number is out of range',
  D1002: 'A value cannot be negated because it is not a number',
  D1004: 'A regular expression matches the empty string',
  D1009: 'Two parts of an object give the same key',
  D2014: 'A range is too long',
  D3001: 'A number that is not finite cannot be turned into a string',
  D3010: 'The pattern of $replace is an empty string',
  D3012: 'The replacement function of $replace did not give a string',
  D3030: 'A value cannot be turned into a number',
  D3050: 'The function given to $reduce must take two arguments',
  D3060: 'The square root of a negative number was asked for',
  D3061: 'A power gives no finite number',
  D3070: 'The values to sort are neither all strings nor all numbers',
  D3137: '$error was called',
  D3138: '$single found more than one match',
  D3139: '$single found no match',
  D3141: 'An assertion of $assert does not hold',
  T0410: 'An argument has the wrong type for the function',
  T0411: 'The context has the wrong type for the function',
  T0412: 'An argument of the function must be an array of one type',
  T1003: 'The key of an object is not a string',
  T1005: 'A function was called without the $ before its name',
  T1006: 'Something that is not a function was called',
  T2001: 'The left side of an arithmetic operator is not a number',
  T2002: 'The right side of an arithmetic operator is not a number',
  T2003: 'The start of a range is not an integer',
  T2004: 'The end of a range is not an integer',
  T2006: 'The right side of ~> is not a function',
  T2007: 'The values compared while sorting have different types',
  T2008: 'The values to sort by are neither strings nor numbers',
  T2009: 'The two sides of a comparison have different types',
  T2010: 'The two sides of a comparison are neither strings nor numbers',
  T2011: 'The update of a transform is not an object',
  T2012: 'The deletions of a transform are not strings',
};

const LIMITS_BY_CODE: Readonly<Record<string, { limit: ExpressionLimit; reason: string }>> = {
  D1011: { limit: 'depth', reason: 'It calls itself too deeply' },
  D1012: { limit: 'time', reason: 'It ran for too long' },
  D2015: { limit: 'sequence', reason: 'A sequence grew too long' },
  D2014: { limit: 'sequence', reason: 'A range is too long' },
};

/** `$error` and `$assert` carry a message of the author, which is safe to show where it stands in the source as it is. */
const AUTHORED = new Set(['D3137', 'D3141']);

export function failureOf(error: unknown, source: string): ExpressionFailure {
  const { code, position, token, message }: Record<string, unknown> = Object(error);
  const place = {
    position: typeof position === 'number' ? position : null,
    token: typeof token === 'string' && source.includes(token) ? token : null,
    jsonataCode: typeof code === 'string' ? code : null,
  };
  if (error instanceof LimitReachedError) return { ...place, limit: error.limit, reason: error.message };
  if (error instanceof RangeError)
    return { ...place, limit: 'depth', reason: 'It nests too deeply or grows too large' };
  const limit = LIMITS_BY_CODE[place.jsonataCode ?? ''];
  if (limit) return { ...place, ...limit };
  return { ...place, limit: null, reason: reasonOf(place.jsonataCode, message, source) };
}

function reasonOf(code: string | null, message: unknown, source: string): string {
  if (code === null) return 'It does something that is not allowed in a mapping';
  const reason = REASONS[code] ?? `JSONata reports ${code}`;
  const authored = AUTHORED.has(code) && typeof message === 'string' && source.includes(message);
  return authored ? `${reason}: ${message}` : reason;
}
