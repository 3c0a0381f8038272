import { Logger } from '@nestjs/common';
import { LateWatch } from './late-watch.js';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const lateBy = (seconds: number, id = 'int_1') => ({
  of: id,
  dueAt: new Date(NOW - seconds * 1_000),
});

describe('LateWatch', () => {
  let said: jest.SpyInstance;

  beforeEach(() => (said = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined)));
  afterEach(() => said.mockRestore());

  it('says once a minute whose work is late by more than a minute, and by how much', () => {
    const watch = new LateWatch('Deliveries are late by', 'look there', 60_000);
    watch.seen([lateBy(59), lateBy(95, 'int_2')], NOW);
    watch.seen([lateBy(96, 'int_2')], NOW + 1_000);
    expect(said).toHaveBeenCalledTimes(1);
    expect(said).toHaveBeenCalledWith(
      expect.stringMatching(/^Deliveries are late by up to 95 s, of int_2; look there$/),
    );
    watch.seen([lateBy(160, 'int_2')], NOW + 61_000);
    expect(said).toHaveBeenCalledTimes(2);
  });

  it('counts them, and forgets those that have caught up', () => {
    const watch = new LateWatch('Deliveries are late by', 'look there', 60_000);
    watch.seen([lateBy(70), lateBy(80, 'int_2')], NOW);
    expect([watch.count(), watch.oldestDueAt()]).toEqual([2, lateBy(80).dueAt]);
    watch.seen([lateBy(5)], NOW);
    expect([watch.count(), watch.oldestDueAt()]).toEqual([0, null]);
  });
});
