const MAX_CHARS = 300;
/** What is read of a message: searching a text for patterns may take the square of its length. */
const MAX_READ_CHARS = 2_000;

const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gu;
const QUOTED = /"[^"\n]*"|“[^”\n]*”|«[^»\n]*»|`[^`\n]*`|(?<![\p{L}\p{N}])'[^'\n]*'(?![\p{L}\p{N}])/gu;
/** Words that hang together, such as `2026-11-03T10:15:00Z`, `P-1042`, `3.14` and a UUID. */
const CONNECTED = /(?<![\p{L}\p{N}_])[-+]?[\p{L}\p{N}_]+(?:[-:.,+/][\p{L}\p{N}_]+)*/gu;
const HEX = /\b[0-9a-f]{16,}\b/giu;
/** Around a number: what is left of a date that is written out. */
const DATE_WORD_BEFORE =
  /\b(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[.,]?\s+(?=#)/giu;
const ZONE_AFTER = /(?<=#)\s(?:GMT|UTC)\b/gu;
const REPEATED = /#(?:[\s,;]+#)+/gu;

/**
 * What messages that tell of the same fault have in common: ids, numbers, dates and quoted values are `#`, as is a row of
 * them. Two messages that differ only in such values have the same pattern.
 */
export function messagePatternOf(message: string): string {
  return message
    .slice(0, MAX_READ_CHARS)
    .replace(QUOTED, '#')
    .replace(EMAIL, '#')
    .replace(CONNECTED, (word) => (/\p{N}/u.test(word) ? '#' : word))
    .replace(HEX, '#')
    .replace(DATE_WORD_BEFORE, '')
    .replace(ZONE_AFTER, '')
    .replace(/\s+/gu, ' ')
    .replace(REPEATED, '#')
    .trim()
    .slice(0, MAX_CHARS);
}
