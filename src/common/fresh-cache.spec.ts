import { eventually } from '../../test/support/eventually.js';
import { FreshCache } from './fresh-cache.js';

describe('FreshCache', () => {
  it('shares one read among callers who ask at the same time, and keeps also that there is nothing', async () => {
    let reads = 0;
    const cache = new FreshCache<string, null>({
      what: 'things',
      max: 10,
      ttlMs: 10_000,
      load: async () => ((reads += 1), null),
    });
    await expect(Promise.all([cache.get('a'), cache.get('a'), cache.get('a')])).resolves.toEqual([null, null, null]);
    await cache.get('a');
    expect(reads).toBe(1);
  });

  it('reads again after the time, and after it was told to forget, even while reading', async () => {
    let value = 0;
    let release: () => void = () => undefined;
    const cache = new FreshCache<string, number>({
      what: 'things',
      max: 10,
      ttlMs: 30,
      load: async () => {
        const read = ++value;
        if (read === 3) await new Promise<void>((resolve) => (release = resolve));
        return read;
      },
    });
    expect(await cache.get('a')).toBe(1);
    const startedMs = performance.now();
    while ((await cache.get('a')) === 1) {
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    cache.forget('a');
    const reading = cache.get('a');
    cache.forget('a');
    const again = await cache.get('a');
    release();
    expect(again).toBe(4);
    expect(await reading).toBeGreaterThanOrEqual(3);
  });

  it('reads again what must not be kept, once for all who ask at the same time', async () => {
    let value = 0;
    const cache = new FreshCache<string, number>({
      what: 'things',
      max: 10,
      ttlMs: 10_000,
      mayKeep: (read) => read > 1,
      load: () => Promise.resolve(++value),
    });
    expect(await Promise.all([cache.get('a'), cache.get('a')])).toEqual([1, 1]);
    const startedMs = performance.now();
    while ((await cache.get('a')) === 1) {
      expect(performance.now() - startedMs).toBeLessThan(5_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await cache.get('a')).toBe(2);
  });

  it('hands a failed read to those who asked, and reads again the next time', async () => {
    let reads = 0;
    const cache = new FreshCache<string, string>({
      what: 'things',
      max: 10,
      ttlMs: 10_000,
      load: async () => {
        reads += 1;
        if (reads === 1) throw new Error('away');
        return 'here';
      },
    });
    await expect(cache.get('a')).rejects.toThrow('away');
    await expect(cache.get('a')).resolves.toBe('here');
  });

  it('gives what was read last where it is told so and cannot read, until it was told to forget', async () => {
    let reads = 0;
    let release: (value: string) => void = () => undefined;
    let answer: () => Promise<string> = () => Promise.resolve('first');
    const load = () => ((reads += 1), answer());
    const cache = new FreshCache<string, string>({ what: 'things', max: 10, ttlMs: 1, lastForMs: 60_000, load });
    expect(await cache.getOrLast('a')).toBe('first');
    const hung = () => new Promise<string>((resolve) => (release = resolve));
    for (const away of [() => Promise.reject(new Error('away')), hung]) {
      const before = reads;
      answer = away;
      await eventually(
        async () => expect(await cache.getOrLast('a')).toBe('first'),
        () => reads > before,
      );
    }
    release('second');
    answer = () => Promise.resolve('second');
    await eventually(
      () => cache.getOrLast('a'),
      (value) => value === 'second',
    );
    cache.forget('a');
    answer = () => Promise.reject(new Error('away'));
    await expect(cache.getOrLast('a')).rejects.toThrow('away');
  });
});
