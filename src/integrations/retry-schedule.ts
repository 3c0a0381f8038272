import { Cron } from 'croner';
import type { ErrorClass } from '../common/error-class.js';

/** When FAILed logs of an integration are tried again by themselves, such as in the nightly window of its vendor. */
export interface RetrySchedule {
  /** Five fields, as in crontab: minute, hour, day of the month, month, day of the week. */
  cron: string;
  /** Of the IANA database. */
  timeZone: string;
  classes: ErrorClass[];
  limitPerRun: number;
}

/** @throws what is wrong with the cron expression or the time zone. */
const cronOf = ({ cron, timeZone }: Pick<RetrySchedule, 'cron' | 'timeZone'>) =>
  new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true });

/**
 * The last time at or before `now` at which the schedule was due; `null` where there was none. A time that a change of the
 * clocks leaves out comes as soon as the clocks are on; one that it brings twice comes once.
 */
export const slotBefore = (schedule: RetrySchedule, now: Date): Date | null =>
  cronOf(schedule).previousRuns(1, new Date(now.getTime() + 1_000))[0] ?? null;

/** What is wrong with it; `null` where it can be due. */
export function scheduleFault(schedule: Pick<RetrySchedule, 'cron' | 'timeZone'>): string | null {
  try {
    Intl.DateTimeFormat('en', { timeZone: schedule.timeZone });
  } catch {
    return 'timeZone must be a name of the IANA database, such as Europe/Berlin';
  }
  try {
    return cronOf(schedule).nextRun() ? null : 'cron must come at some time';
  } catch (error) {
    return `cron must have five fields, as in crontab: ${error instanceof Error ? error.message : String(error)}`;
  }
}
