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

  describe('with headroom', () => {
    /** Runs that go on until they are told to end. */
    function hold(semaphore: Semaphore) {
      const running: { owner: string; end: () => void }[] = [];
      const start = (owner: string) =>
        void semaphore.run(() => new Promise<void>((resolve) => running.push({ owner, end: resolve })), owner);
      const countOf = (owner: string) => running.filter((one) => one.owner === owner).length;
      const endOne = async (owner: string) => {
        const index = running.findIndex((one) => one.owner === owner);
        running.splice(index, 1)[0]?.end();
        await settled();
      };
      return { start, countOf, endOne };
    }
    const settled = () => new Promise((resolve) => setImmediate(resolve));

    it.each([
      { headroom: 1.5, slots: 200, share: 120 },
      { headroom: 1, slots: 10, share: 5 },
      { headroom: 1.5, slots: 1, share: 1 },
      { headroom: Number.POSITIVE_INFINITY, slots: 10, share: 10 },
    ])('lets one owner take $share of $slots slots ($headroom)', async ({ headroom, slots, share }) => {
      const { start, countOf } = hold(new Semaphore(slots, { headroom }));
      for (let run = 0; run < 2 * slots; run += 1) start('greedy');
      await settled();
      expect(countOf('greedy')).toBe(share);
    });

    it('always has a slot for a newcomer, and takes what ended runs leave to those who wait, in turn', async () => {
      const { start, countOf, endOne } = hold(new Semaphore(20, { headroom: 1.5 }));
      for (const owner of ['a', 'b', 'c']) for (let run = 0; run < 20; run += 1) start(owner);
      await settled();
      const [a, b, c] = ['a', 'b', 'c'].map(countOf);
      expect([a, b, c].every((count) => Number(count) > 0)).toBe(true);
      start('newcomer');
      await settled();
      expect(countOf('newcomer')).toBe(1);
      await endOne('newcomer');
      for (let run = 0; run < 60; run += 1) {
        const largest = ['a', 'b', 'c'].sort((one, other) => countOf(other) - countOf(one))[0] ?? 'a';
        await endOne(largest);
      }
      expect(['a', 'b', 'c'].map(countOf)).toEqual([0, 0, 0]);
    });
  });
});
