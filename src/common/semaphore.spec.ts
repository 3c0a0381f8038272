import fc from 'fast-check';
import { Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  it('never lets more run than it has slots, and runs all, in order, also where some fail', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 30 }),
        async (slots, fails) => {
          const semaphore = new Semaphore(slots);
          const started: number[] = [];
          let running = 0;
          let most = 0;
          const outcomes = await Promise.allSettled(
            fails.map((failing, index) =>
              semaphore.run(async () => {
                started.push(index);
                most = Math.max(most, ++running);
                await new Promise((resolve) => setImmediate(resolve));
                running -= 1;
                if (failing) throw new Error('failed');
              }),
            ),
          );
          expect(most).toBeLessThanOrEqual(slots);
          expect(started).toEqual(fails.map((_, index) => index));
          expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(fails);
        },
      ),
      { numRuns: 50 },
    );
  });
});
