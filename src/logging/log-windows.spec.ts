import { windowsBefore } from './log-windows.js';

const HOUR_MS = 3_600_000;
const UNTIL = new Date('2026-11-01T00:00:00Z');
const before = (hours: number) => new Date(UNTIL.getTime() - hours * HOUR_MS);

describe('the windows before a time', () => {
  it('follow each other without a gap, each eight times as long as the one before', () => {
    const windows = [...windowsBefore(UNTIL, null)];
    expect(windows.slice(0, 3)).toEqual([
      { $gte: before(1) },
      { $gte: before(9), $lt: before(1) },
      { $gte: before(73), $lt: before(9) },
    ]);
    expect(windows.slice(1).map(({ $lt }) => $lt)).toEqual(windows.slice(0, -1).map(({ $gte }) => $gte));
  });

  it('end with one that has no begin', () => {
    expect(Object.keys([...windowsBefore(UNTIL, null)].at(-1) ?? {})).toEqual(['$lt']);
  });

  it.each([0.5, 1, 40])('begin %d hours before where they may not begin earlier', (hours) => {
    const windows = [...windowsBefore(UNTIL, before(hours))];
    expect(windows.at(-1)?.$gte).toEqual(before(hours));
    expect(windows.every(({ $gte }) => $gte && $gte >= before(hours))).toBe(true);
  });

  it('are those before now where there is no time, with what is dated later in the first', () => {
    const [first] = windowsBefore(null, null);
    expect(first?.$lt).toBeUndefined();
    expect(Math.abs(Date.now() - HOUR_MS - (first?.$gte?.getTime() ?? 0))).toBeLessThan(60_000);
  });
});
