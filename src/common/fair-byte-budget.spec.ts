import fc from 'fast-check';
import { FairByteBudget, type GrowingShare } from './fair-byte-budget.js';

const TOTAL = 1_000;

/** Grows by one byte at a time as far as it goes; how far that was. */
function fill(share: GrowingShare): number {
  let bytes = 0;
  while (share.tryGrow(1)) bytes += 1;
  return bytes;
}

/** Like `fill`, where another share of the owner is older. */
function fillBesideOlder(budget: FairByteBudget, owner: string): number {
  budget.open(owner);
  return fill(budget.open(owner));
}

describe('FairByteBudget', () => {
  it('gives an owner half of all, and a newcomer half of the rest, however many shares each has', () => {
    const budget = new FairByteBudget(TOTAL);
    expect(fillBesideOlder(budget, 'a')).toBe(500);
    expect(fillBesideOlder(budget, 'a')).toBe(0);
    expect(fillBesideOlder(budget, 'b')).toBe(250);
    expect(fillBesideOlder(budget, 'c')).toBe(125);
  });

  it('lets the oldest share of an owner grow as far as there is room, and the next one after it', () => {
    const budget = new FairByteBudget(TOTAL);
    const [oldest, next] = [budget.open('a'), budget.open('a')];
    expect(next.tryGrow(501)).toBe(false);
    expect(oldest.tryGrow(900)).toBe(true);
    expect(next.tryGrow(1)).toBe(false);
    expect(oldest.tryGrow(101)).toBe(false);
    oldest.release();
    expect(next.tryGrow(TOTAL)).toBe(true);
  });

  it('never hands out more than there is, and gets everything back', () => {
    const step = fc.tuple(fc.nat(3), fc.nat(3), fc.option(fc.integer({ min: 0, max: 700 })));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const budget = new FairByteBudget(TOTAL);
        const givenUp: GrowingShare[] = [];
        const open = new Map<string, { share: GrowingShare; bytes: number }>();
        for (const [owner, number, bytes] of steps) {
          const name = `${owner}/${number}`;
          const one = open.get(name) ?? { share: budget.open(String(owner)), bytes: 0 };
          open.set(name, one);
          if (bytes === null) {
            one.share.release();
            one.share.release();
            open.delete(name);
            givenUp.push(one.share);
          } else if (one.share.tryGrow(bytes)) one.bytes += bytes;
          expect([...open.values()].reduce((sum, held) => sum + held.bytes, 0)).toBeLessThanOrEqual(TOTAL);
        }
        expect(givenUp.filter((share) => share.tryGrow(0))).toEqual([]);
        for (const { share } of open.values()) share.release();
        expect(budget.open('last').tryGrow(TOTAL)).toBe(true);
      }),
    );
  });
});
