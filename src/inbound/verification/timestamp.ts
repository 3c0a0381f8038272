import type { TIMESTAMP_FORMATS } from '../../security/signatures/declared-hmac.scheme.js';

type TimestampFormat = (typeof TIMESTAMP_FORMATS)[number];

/** What Standard Webhooks, Stripe and Slack take. */
export const DEFAULT_TOLERANCE_SECONDS = 300;
export const MAX_TOLERANCE_SECONDS = 86_400;

interface Notation {
  readonly says: string;
  /** In one notation only: a signature covers the text, so no two texts may be read as one time. */
  readonly pattern: RegExp;
  timeOf(text: string): number;
}

const NOTATIONS: Readonly<Record<TimestampFormat, Notation>> = {
  seconds: {
    says: 'whole seconds since 1970',
    pattern: /^[1-9]\d{0,11}$/,
    timeOf: (text) => Number(text) * 1_000,
  },
  milliseconds: {
    says: 'milliseconds since 1970',
    pattern: /^[1-9]\d{0,14}$/,
    timeOf: Number,
  },
  iso: {
    says: 'an ISO 8601 time such as 2026-01-02T03:04:05Z',
    pattern: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/,
    timeOf: Date.parse,
  },
};

export type ReadTime = { readonly ok: true; readonly at: Date } | { readonly ok: false; readonly reason: string };

/** Reads a time and says what is wrong with it, if it is further from now than may be. */
export function readTimestamp(
  text: string,
  { format, toleranceSeconds }: { readonly format: TimestampFormat; readonly toleranceSeconds: number },
  now: Date,
): ReadTime {
  const { says, pattern, timeOf } = NOTATIONS[format];
  const at = pattern.test(text) ? timeOf(text) : Number.NaN;
  if (Number.isNaN(at)) return { ok: false, reason: `timestamp must be ${says}` };
  const ageMs = now.getTime() - at;
  const toleranceMs = toleranceSeconds * 1_000;
  if (Math.abs(ageMs) <= toleranceMs) return { ok: true, at: new Date(at) };
  const accepted = `at most ${spanOf(toleranceMs)} are accepted`;
  const hint = looksLikeAnotherUnit(ageMs) ? `; it must be ${says}` : '';
  return {
    ok: false,
    reason:
      ageMs > 0
        ? `timestamp is ${spanOf(ageMs)} old, ${accepted}${hint}`
        : `timestamp lies ${spanOf(-ageMs)} in the future, ${accepted}${hint}`,
  };
}

const YEAR_MS = 365 * 86_400_000;

/** A factor of a thousand puts today decades away. */
const looksLikeAnotherUnit = (ageMs: number) => Math.abs(ageMs) > 20 * YEAR_MS;

const UNITS = [
  ['years', YEAR_MS],
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
  ['seconds', 1_000],
] as const;

/** In the largest unit of which there are two: "9 minutes", "90 seconds" is "90 seconds". */
function spanOf(ms: number): string {
  const [name, unitMs] = UNITS.find(([, size]) => ms >= 2 * size) ?? ['seconds', 1_000];
  return `${Math.round(ms / unitMs)} ${name}`;
}
