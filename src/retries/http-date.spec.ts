import fc from 'fast-check';
import { httpDateMs } from './http-date.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `Sun, 06 Nov 1994 08:49:37 GMT` in its parts. */
function partsOf(date: Date) {
  const [short = '', day = '', month = '', year = '', time = ''] = date.toUTCString().split(/,? /);
  return { short, long: DAYS[date.getUTCDay()] ?? '', day, month, year, time };
}

const rfc850 = (date: Date) => {
  const { long, day, month, year, time } = partsOf(date);
  return `${long}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
};

const asctime = (date: Date) => {
  const { short, day, month, year, time } = partsOf(date);
  return `${short} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
};

/** Whole seconds. */
const dates = (from: string, until: string) =>
  fc
    .integer({ min: Date.parse(from) / 1_000, max: Date.parse(until) / 1_000 })
    .map((seconds) => new Date(seconds * 1_000));

describe('httpDateMs', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'reads %p, as RFC 9110 has it',
    (text) => {
      expect(httpDateMs(text, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    },
  );

  it('reads whatever is written in one of the three forms', () => {
    fc.assert(
      fc.property(dates('1970-01-01T00:00:00Z', '2199-12-31T23:59:59Z'), (date) => {
        expect(httpDateMs(date.toUTCString(), NOW)).toBe(date.getTime());
        expect(httpDateMs(asctime(date), NOW)).toBe(date.getTime());
      }),
    );
    fc.assert(
      fc.property(dates('1977-01-01T00:00:00Z', '2076-12-31T23:59:59Z'), (date) => {
        expect(httpDateMs(rfc850(date), NOW)).toBe(date.getTime());
      }),
    );
  });

  it('takes a year of two digits for the one within the next 50, or else for one that has passed', () => {
    expect(httpDateMs('Tuesday, 01-Dec-76 00:00:00 GMT', NOW)).toBe(Date.UTC(2076, 11, 1));
    expect(httpDateMs('Thursday, 01-Dec-77 00:00:00 GMT', NOW)).toBe(Date.UTC(1977, 11, 1));
    expect(httpDateMs('Friday, 01-Jan-00 00:00:00 GMT', new Date('2099-12-31T23:59:00Z'))).toBe(Date.UTC(2100, 0, 1));
  });

  it.each([
    '',
    'soon',
    '1.5',
    '2026-03-01T12:00:00Z',
    'Sun, soon',
    'Sun Mar  1 12:00:00',
    'Sunday, 01-Foo-26 12:00:00 GMT',
  ])('%p is no HTTP-date', (text) => {
    expect(httpDateMs(text, NOW)).toBeNaN();
  });
});
