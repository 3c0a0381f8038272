import fc from 'fast-check';
import { GroupCommit } from './group-commit.js';

/** A store whose writes end when the test says so. */
class ControlledStore {
  readonly batches: (readonly number[])[] = [];
  private release: (() => void)[] = [];
  inFlight = 0;
  mostInFlight = 0;

  async write(items: readonly number[]): Promise<number[]> {
    this.batches.push(items);
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    await new Promise<void>((resolve) => this.release.push(resolve));
    this.inFlight -= 1;
    return items.map((item) => item * 10);
  }

  async letOneEnd(): Promise<void> {
    while (this.release.length === 0) await new Promise((resolve) => setImmediate(resolve));
    this.release.shift()?.();
  }
}

describe('GroupCommit', () => {
  it('writes what came while a batch was in flight as the next one', async () => {
    const store = new ControlledStore();
    const commits = new GroupCommit<number, number>({
      maxBatch: 10,
      maxPending: 100,
      write: (items) => store.write(items),
    });
    const first = commits.submit(1);
    while (store.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    const rest = [2, 3, 4].map((item) => commits.submit(item));
    await store.letOneEnd();
    await expect(first).resolves.toBe(10);
    await store.letOneEnd();
    await expect(Promise.all(rest)).resolves.toEqual([20, 30, 40]);
    expect(store.batches).toEqual([[1], [2, 3, 4]]);
    expect(store.mostInFlight).toBe(1);
  });

  it('has as many batches on their way as it may, and no more', async () => {
    const store = new ControlledStore();
    const commits = new GroupCommit<number, number>({
      maxBatch: 10,
      maxPending: 100,
      maxInFlight: 2,
      write: (items) => store.write(items),
    });
    const submitted: Promise<number>[] = [];
    for (const item of [1, 2]) {
      submitted.push(commits.submit(item));
      while (store.inFlight < item) await new Promise((resolve) => setImmediate(resolve));
    }
    submitted.push(...[3, 4].map((item) => commits.submit(item)));
    expect(commits.size).toBe(4);
    for (let ended = 0; ended < 3; ended += 1) await store.letOneEnd();
    await expect(Promise.all(submitted)).resolves.toEqual([10, 20, 30, 40]);
    await commits.idle();
    expect(store.batches).toEqual([[1], [2], [3, 4]]);
    expect(store.mostInFlight).toBe(2);
    expect(commits.size).toBe(0);
  });

  it('rejects every item of a batch that fails, and goes on with the next', async () => {
    let calls = 0;
    const commits = new GroupCommit<number, number>({
      maxBatch: 2,
      maxPending: 10,
      write: async (items) => {
        calls += 1;
        if (calls === 1) throw new Error('disk full');
        return [...items];
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => commits.submit(item)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('makes callers wait for room instead of growing', async () => {
    const store = new ControlledStore();
    const commits = new GroupCommit<number, number>({
      maxBatch: 1,
      maxPending: 2,
      write: (items) => store.write(items),
    });
    const submitted = [1, 2, 3, 4, 5].map((item) => commits.submit(item));
    for (let ended = 0; ended < 5; ended += 1) await store.letOneEnd();
    await expect(Promise.all(submitted)).resolves.toEqual([10, 20, 30, 40, 50]);
  });

  it('answers each item with its own result, in order, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (items, maxBatch, maxPending) => {
          const written: number[] = [];
          const commits = new GroupCommit<number, string>({
            maxBatch,
            maxPending,
            write: async (batch) => {
              expect(batch.length).toBeLessThanOrEqual(maxBatch);
              written.push(...batch);
              return batch.map(String);
            },
          });
          await expect(Promise.all(items.map((item) => commits.submit(item)))).resolves.toEqual(items.map(String));
          await commits.idle();
          expect(written).toEqual(items);
        },
      ),
      { numRuns: 50 },
    );
  });

  describe('with owners', () => {
    const byTens = { ownerOf: (item: number) => String(Math.floor(item / 10)) };
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

    it('shares a batch evenly, each in the order of its own items', async () => {
      const store = new ControlledStore();
      const commits = new GroupCommit<number, number>({
        ...byTens,
        maxBatch: 4,
        maxPending: 100,
        write: (items) => store.write(items),
      });
      const all = [...numbers(0, 6), 10, 20].map((item) => commits.submit(item));
      for (let batch = 0; batch < 2; batch += 1) await store.letOneEnd();
      await Promise.all(all);
      expect(store.batches).toEqual([
        [0, 10, 20, 1],
        [2, 3, 4, 5],
      ]);
    });

    it('has room for one with little where another has filled it', async () => {
      const store = new ControlledStore();
      const commits = new GroupCommit<number, number>({
        ...byTens,
        maxBatch: 4,
        maxPending: 6,
        write: (items) => store.write(items),
      });
      const flood = numbers(0, 9).map((item) => commits.submit(item));
      const single = commits.submit(10);
      await store.letOneEnd();
      await expect(single).resolves.toBe(100);
      for (let batch = 0; batch < 2; batch += 1) await store.letOneEnd();
      await Promise.all(flood);
      expect(store.batches.flat().toSorted((a, b) => a - b)).toEqual([...numbers(0, 9), 10]);
    });
  });
});
