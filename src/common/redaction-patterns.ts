/** What looks like something that must not be stored, whatever its name. */
interface SecretPattern {
  /** Global; finds candidates. */
  readonly form: RegExp;
  /** Whether a candidate is one: check digits keep other numbers from being hidden. */
  readonly isOne?: (candidate: string) => boolean;
}

const digitsOf = (text: string) => Array.from(text.replace(/\D/g, ''), Number);

/** ISO/IEC 7812-1, annex B. */
function meetsLuhn(candidate: string): boolean {
  const sum = digitsOf(candidate)
    .toReversed()
    .map((digit, index) => (index % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit))
    .reduce((total, digit) => total + digit, 0);
  return sum % 10 === 0;
}

/** Brazil's CPF: two check digits, each modulo 11. */
function isCpf(candidate: string): boolean {
  const digits = digitsOf(candidate);
  const checkDigit = (length: number) => {
    const sum = digits.slice(0, length).reduce((total, digit, index) => total + digit * (length + 1 - index), 0);
    return ((sum * 10) % 11) % 10;
  };
  return new Set(digits).size > 1 && checkDigit(9) === digits[9] && checkDigit(10) === digits[10];
}

/** India's Aadhaar: the checksum of Verhoeff, of the dihedral group of order 10. */
function isAadhaar(candidate: string): boolean {
  const check = digitsOf(candidate)
    .toReversed()
    .reduce((sum, digit, index) => dihedral(sum, permuted(digit, index % 8)), 0);
  return check === 0;
}

function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5);
  return b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 5) % 5;
}

const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
const permuted = (digit: number, times: number): number =>
  times === 0 ? digit : permuted(PERMUTATION[digit] ?? 0, times - 1);

/** Numbers of the large card schemes: their first digits and lengths, in one piece or in groups. */
const CARD =
  /(?<![\w.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|5\d\d))(?:[ -]?\d{4}){3}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?![\w-])/g;
const NATIONAL_ID_END = '(?![\\w-])';

const PATTERNS: readonly SecretPattern[] = [
  { form: CARD, isOne: meetsLuhn },
  // RFC 6750 and RFC 7617: credentials that stand in a text.
  // A word, as in "basic metabolic panel", has no digit.
  { form: /(?<=\b(?:bearer|basic)\s+)[\w.~+/-]{8,}=*/gi, isOne: (candidate) => /[\d=]/.test(candidate) },
  // RFC 7519: header and payload of a token are JSON objects in base64url.
  { form: /\beyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]*/g },
  { form: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g },
  { form: new RegExp(`(?<![\\w.-])\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}${NATIONAL_ID_END}`, 'g'), isOne: isCpf },
  // Numbers that the Social Security Administration gives to nobody are left.
  { form: new RegExp(`(?<![\\w.-])(?!000|666|9)\\d{3}-(?!00)\\d\\d-(?!0000)\\d{4}${NATIONAL_ID_END}`, 'g') },
  { form: new RegExp(`(?<![\\w.-])[2-9]\\d{3} \\d{4} \\d{4}${NATIONAL_ID_END}`, 'g'), isOne: isAadhaar },
];

/** What each of them has: one look at a text tells that most have none of them. */
const MAY_MATCH = /\d{15}|\d{3}[.-]\d{2}|\d{4}[ -]\d{4}|bearer\s|basic\s|eyJ|PRIVATE KEY/i;

const mayHoldSecrets = (text: string) => MAY_MATCH.test(text);

/** Replaces whatever any of the patterns finds. */
export function withoutPatterns(text: string, replacement: string): string {
  if (!mayHoldSecrets(text)) return text;
  return PATTERNS.reduce(
    (shown, { form, isOne }) =>
      shown.replace(form, (candidate) => (!isOne || isOne(candidate) ? replacement : candidate)),
    text,
  );
}
