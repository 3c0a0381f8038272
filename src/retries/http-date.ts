/** The obsolete forms of RFC 9110, section 5.6.7, which recipients have to accept: of RFC 850, and of C's asctime(). */
const RFC_850 = /^[A-Z][a-z]+day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;
/** `Date.parse` alone would also read `1.5` and other forms that are no HTTP-date. */
const WITH_DAY = /^[A-Z][a-z]+, /;

/** An HTTP-date in milliseconds since 1970; `NaN` where it is none. */
export function httpDateMs(value: string, now: Date): number {
  const [, day850, month850, year850, time850] = RFC_850.exec(value) ?? [];
  if (day850) return Date.parse(`${day850} ${month850} ${fullYear(Number(year850), now)} ${time850} GMT`);
  // Date.parse would take it for local time.
  const [, month, day, time, year] = ASCTIME.exec(value) ?? [];
  if (day) return Date.parse(`${day} ${month} ${year} ${time} GMT`);
  return WITH_DAY.test(value) ? Date.parse(value) : Number.NaN;
}

/** What would be more than 50 years ahead has passed. */
function fullYear(twoDigits: number, now: Date): number {
  const earliest = now.getUTCFullYear() - 49;
  return earliest + ((((twoDigits - earliest) % 100) + 100) % 100);
}
