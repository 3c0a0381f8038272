import type { ErrorClass } from '../common/error-class.js';
import type { LogSummary } from './integration-log.js';

/** Of a message, so many different words are found; vendors' own texts come last in it. */
const MAX_WORDS = 32;
const MAX_WORD_CHARS = 40;
const WORD = /[\p{L}\p{N}_]{2,}/gu;

export const classKeyOf = (errorClass: ErrorClass) => `class=${errorClass}`;
export const codeKeyOf = (errorCode: string) => `code=${errorCode}`;

/** The words of a message as a search reads them, whatever their case; a longer word is found by its beginning. */
export function wordKeysOf(text: string): string[] {
  const words = text.toLowerCase().match(WORD) ?? [];
  return [...new Set(words.map((word) => `word=${word.slice(0, MAX_WORD_CHARS)}`))].slice(0, MAX_WORDS);
}

/** What logs whose last try failed are found by; none for others. */
export function errorKeysOf({
  errorClass,
  errorCode,
  errorMessage,
}: Pick<LogSummary, 'errorClass' | 'errorCode' | 'errorMessage'>): { errorKeys?: string[] } {
  if (errorClass === null) return {};
  const code = errorCode === null ? [] : [codeKeyOf(errorCode)];
  return { errorKeys: [classKeyOf(errorClass), ...code, ...wordKeysOf(errorMessage ?? '')] };
}
