import fc from 'fast-check';
import { messagePatternOf } from './message-pattern.js';

const digits = fc.integer({ min: 0, max: 99_999_999 }).map(String);
const date = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .chain((at) => fc.constantFrom(at.toISOString(), at.toISOString().slice(0, 10), at.toUTCString()));
const id = fc.tuple(fc.constantFrom('P-', 'B', 'log_', 'ord/', ''), digits).map(([prefix, number]) => prefix + number);
const quoted = fc
  .tuple(fc.constantFrom('"', "'", '`'), fc.string({ maxLength: 20 }))
  .map(([mark, text]) => `${mark}${text.replace(/["'`\n\r]/g, '')}${mark}`);
const email = digits.map((number) => `ana.souza${number}@lab.example`);
const amount = fc.tuple(digits, digits).map(([whole, part]) => `${whole}.${part}`);
const value = fc.oneof(digits, fc.uuid(), date, id, quoted, email, amount);

const template = fc.constantFrom(
  'Unknown patient %: the birth date is missing',
  'The vendor gave no answer within % ms (bill %)',
  'Order % of % cannot be placed',
  'expected a value, received %',
  '% is not accepted.',
);

const filled = (text: string, values: readonly string[]) => {
  let next = 0;
  return text.replaceAll('%', () => values[next++] ?? '');
};

describe('the pattern of a message', () => {
  it('is the same for messages that differ in ids, numbers, dates, addresses and quoted values only', () => {
    const values = fc.tuple(value, value);
    fc.assert(
      fc.property(template, values, values, (text, one, other) => {
        expect(messagePatternOf(filled(text, one))).toBe(messagePatternOf(filled(text, other)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the words, so that faults of different kinds differ', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(template, { minLength: 2, maxLength: 2 }),
        value,
        value,
        ([one = '', other = ''], a, b) => {
          expect(messagePatternOf(filled(one, [a, b]))).not.toBe(messagePatternOf(filled(other, [a, b])));
        },
      ),
    );
  });

  it('is a pattern of itself, and bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), (text) => {
        expect(messagePatternOf(text).length).toBeLessThanOrEqual(300);
      }),
    );
    expect(messagePatternOf('x'.repeat(1_000))).toHaveLength(300);
  });

  it.each([
    ['The bills 1, 2 and 3 are unpaid', 'The bills # and # are unpaid'],
    ["The lab's catalogue lacks 'TSH'", "The lab's catalogue lacks #"],
    ['No answer since Tue, 03 Nov 2026 10:15:00 GMT', 'No answer since #'],
    ['Too cold: -5 °C', 'Too cold: # °C'],
    ['connect ECONNREFUSED 10.0.0.7:8443', 'connect ECONNREFUSED #'],
  ])('of %s is %s', (message, pattern) => expect(messagePatternOf(message)).toBe(pattern));
});
