import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { ByteBudget, type ByteShare } from './byte-budget.js';

describe('ByteBudget', () => {
  it('never hands out more than there is, in the order that was asked for, and everything in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 80 })), { maxLength: 20 }),
        async (total, wishes) => {
          const budget = new ByteBudget(total);
          const order: number[] = [];
          let held = 0;
          await Promise.all(
            wishes.map(async ([wish, used], index) => {
              const granted = Math.min(wish, total);
              const share = await budget.reserve(wish);
              order.push(index);
              held += granted;
              expect(held).toBeLessThanOrEqual(total);
              await turn();
              held -= granted - Math.min(granted, used);
              share.shrinkTo(used);
              await turn();
              held -= Math.min(granted, used);
              share.release();
              share.release();
            }),
          );
          expect(order).toEqual(wishes.map((_, index) => index));
          const all: ByteShare = await budget.reserve(total);
          all.release();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lets no small wish overtake a large one that waits', async () => {
    const budget = new ByteBudget(10);
    const first = await budget.reserve(6);
    const admitted: string[] = [];
    const large = budget.reserve(8).then((share) => (admitted.push('large'), share));
    const small = budget.reserve(2).then((share) => (admitted.push('small'), share));
    await turn();
    expect(admitted).toEqual([]);
    first.release();
    await Promise.all([large, small]);
    expect(admitted).toEqual(['large', 'small']);
  });
});
