import { scheduleFault, slotBefore } from './retry-schedule.js';

const aSchedule = (cron: string, timeZone = 'Europe/Berlin') => ({
  cron,
  timeZone,
  classes: ['transient' as const],
  limitPerRun: 10,
});

const slot = (cron: string, now: string, timeZone?: string) =>
  slotBefore(aSchedule(cron, timeZone), new Date(now))?.toISOString();

describe('slotBefore', () => {
  it.each([
    ['in winter', '30 2 * * *', '2026-01-15T12:00:00Z', '2026-01-15T01:30:00.000Z'],
    ['in summer', '30 2 * * *', '2026-07-15T12:00:00Z', '2026-07-15T00:30:00.000Z'],
    ['a second before it is due', '30 2 * * *', '2026-07-15T00:29:59Z', '2026-07-14T00:30:00.000Z'],
    ['at the moment it is due', '30 2 * * *', '2026-07-15T00:30:00Z', '2026-07-15T00:30:00.000Z'],
    ['by the day of the week', '0 22 * * 5', '2026-11-24T00:00:00Z', '2026-11-20T21:00:00.000Z'],
  ])('finds the last time, %s', (_when, cron, now, expected) => {
    expect(slot(cron, now)).toBe(expected);
  });

  it('takes the time that the clocks leave out in spring for the one after it', () => {
    // Berlin, 29 March 2026: 02:00 becomes 03:00, so 02:30 never is; 03:00 is 01:00Z.
    expect(slot('30 2 * * *', '2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
  });

  it('comes once for the time that the clocks bring twice in autumn', () => {
    // Berlin, 25 October 2026: 03:00 becomes 02:00, so 02:30 is at 00:30Z and at 01:30Z.
    const slots = ['00:45', '01:15', '01:45', '12:00'].map((time) => slot('30 2 * * *', `2026-10-25T${time}:00Z`));
    expect(new Set(slots).size).toBe(1);
  });

  it('goes by the zone and not by that of the process', () => {
    expect(slot('0 3 * * *', '2026-01-15T23:00:00Z', 'Asia/Kolkata')).toBe('2026-01-15T21:30:00.000Z');
  });
});

describe('scheduleFault', () => {
  it.each([
    ['0 2 * * *', 'Europe/Nowhere', /^timeZone/],
    ['0 25 * * *', 'UTC', /^cron/],
    ['0 0 2 * * *', 'UTC', /^cron/],
    ['0 0 30 2 *', 'UTC', /^cron/],
    ['every night', 'UTC', /^cron/],
  ])('of "%s" in %s is %p', (cron, timeZone, fault) => {
    expect(scheduleFault({ cron, timeZone })).toMatch(fault);
  });

  it('is none where it can be due', () => {
    expect(scheduleFault({ cron: '0 2 * * *', timeZone: 'Europe/Berlin' })).toBeNull();
  });
});
