import type { DatabaseProcesses } from '../support/cpu-meter.js';
import type { Services } from '../support/sandbox.js';

/** What a part needs to know. */
export interface PartEnvironment {
  readonly services: Services;
  readonly databases: DatabaseProcesses;
  /** One line for each round, while it goes on. */
  readonly progress: (line: string) => void;
  /** Where to write CPU profiles of the measured Waybill processes; `null`: nowhere. */
  readonly profileInto: string | null;
}

/** The keys that `--json` promises, and what else a part measured. */
export type Figures = Record<string, number | string | null>;

/** A line of the table. */
export interface Row {
  readonly label: string;
  /** Of the rounds, in their order; the table shows their median, lowest and highest. */
  readonly rates: readonly number[];
  readonly unit: string;
  /** CPU milliseconds per delivery of all server processes; `null` where not all of them could be seen. */
  readonly cpuMs: number | null;
}

export interface PartResult {
  readonly figures: Figures;
  readonly rows: readonly Row[];
  /** Said under the table. */
  readonly remarks?: readonly string[];
}
