import type { PatientCase } from '../input/patient-case.js';
import type { Demo } from '../run/demo.js';
import type { Ledger } from './ledger.js';
import type { Narrator } from './narrator.js';
import type { WaybillApi } from '../client/waybill-api.js';

/** What every stage of the story works with. */
export interface World {
  readonly demo: Demo;
  readonly cases: readonly PatientCase[];
  readonly ledger: Ledger;
  readonly narrator: Narrator;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The desk of the lab's support staff. */
export function supportOf({ demo }: World, labId: string): WaybillApi {
  const api = demo.support.get(labId);
  if (!api) throw new Error(`There is no support key of ${labId}`);
  return api;
}
