import type { LogView } from '../client/views.js';
import type { Testimony } from './redis-witness.js';
import type { CorrectedOne } from './stages/correct-one.js';
import type { World } from './world.js';

/** What the expectations are checked against: the vendors' own records, the logs as the API tells them, and Redis. */
export interface Evidence {
  readonly world: World;
  /** All logs at the end, by lab. */
  readonly logs: ReadonlyMap<string, readonly LogView[]>;
  /** The logs that were FAIL before anybody corrected a record. */
  readonly failedBefore: readonly LogView[];
  readonly corrected: CorrectedOne;
  readonly redis: Testimony;
}

export interface Expectation {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/** All logs of all labs. */
export const allLogs = ({ logs }: Evidence): LogView[] => [...logs.values()].flat();
