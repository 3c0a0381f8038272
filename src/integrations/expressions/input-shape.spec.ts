import fc from 'fast-check';
import { shapeOf } from './input-shape.js';

describe('shapeOf', () => {
  it.each([
    [
      { patientId: 'P-1', visits: [{ at: 'x' }, null] },
      '{ patientId: string, visits: array(2) of { at: string } | null }',
    ],
    [[], 'array(0)'],
    [{}, '{}'],
    [null, 'null'],
    [{ 'P-1042': { hb: 1 }, 'Ana Souza': 'x' }, '{ (2 other keys): { hb: number } | string }'],
    [{ name: 'a', line2: 'b', 'P-1042': 1 }, '{ name: string, line2: string, (1 other keys): number }'],
    [{ a: { b: { c: { d: { e: 1 } } } } }, '{ a: { b: { c: { d: object } } } }'],
  ])('%j is %s', (value, expected) => {
    expect(shapeOf(value)).toBe(expected);
  });

  it('is bounded, and holds no value and no key that is one', () => {
    const secret = fc.integer({ min: 1_000 }).map((number) => `Ana-${number}-Souza`);
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 6 },
        secret,
        fc.array(tie('any')),
        fc.dictionary(fc.oneof(secret, fc.constantFrom('name', 'code')), tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(value, (any) => {
        const shape = shapeOf(any);
        expect(shape).not.toMatch(/Ana|Souza/);
        expect(shape.length).toBeLessThanOrEqual(1_001);
      }),
    );
  });
});
