import type { LogEntry, LogSink } from './log-entry.js';

/** Entries that a lane keeps, the oldest first. They are kept until `done` resolves, and may be written twice till then. */
export interface TakenEntries {
  readonly entries: readonly LogEntry[];
  done(): Promise<void>;
}

/** `empty`: it keeps nothing. `busy`: another process is emptying it. */
export type Taken = TakenEntries | 'empty' | 'busy';

/** A sink that keeps entries until MongoDB takes them again. What it keeps comes out in the order it went in. */
export interface LogLane extends LogSink {
  take(): Promise<Taken>;
}
