/** How long a tenant's logs are kept. Logs that are QUEUED are kept for as long as they are. */
export interface Retention {
  /** Days that what was sent and received is kept. */
  readonly bodyDays: number;
  /** Days that a log and its event are kept. */
  readonly rowDays: number;
}

export const DEFAULT_RETENTION: Retention = { bodyDays: 30, rowDays: 400 };

export const DAY_MS = 86_400_000;

export const daysAfter = (time: Date, days: number) => new Date(time.getTime() + days * DAY_MS);
export const daysBefore = (time: Date, days: number) => daysAfter(time, -days);
export const startOfDay = (time: Date) => new Date(Math.floor(time.getTime() / DAY_MS) * DAY_MS);
