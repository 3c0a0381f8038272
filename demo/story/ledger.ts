import type { PatientCase, Visit } from '../input/patient-case.js';
import type { Lab } from '../lab/labs.js';
import type { Channel } from '../lab/patients/patient.js';

/** What `emit` answered, however it came to the story: by a call in this process or over HTTP. */
interface EmitAnswer {
  readonly eventId: string;
  readonly duplicate: boolean;
  readonly deliveries: readonly unknown[];
  readonly skipped: readonly { readonly integrationId: string; readonly reason: string }[];
}

export interface VisitEntry {
  readonly visit: Visit;
  readonly patient: PatientEntry;
  readonly orderId: string;
  readonly billId: string;
  reportId: string | null;
}

export interface PatientEntry {
  readonly case: PatientCase;
  readonly lab: Lab;
  readonly channel: Channel;
  readonly patientId: string;
  readonly eventId: string;
}

/** What the story has done: which records the lab made, and what Waybill said it would do about them. */
export class Ledger {
  readonly patients: PatientEntry[] = [];
  readonly visits: VisitEntry[] = [];
  readonly skipped = new Map<string, number>();
  deliveries = 0;
  duplicates = 0;

  /** Whose sample nobody enters before it is measured: the last one. */
  get forgotten(): VisitEntry | undefined {
    return this.visits.at(-1);
  }

  count({ duplicate, deliveries, skipped }: EmitAnswer): void {
    if (duplicate) {
      this.duplicates += 1;
      return;
    }
    this.deliveries += deliveries.length;
    for (const { reason } of skipped) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
  }
}
