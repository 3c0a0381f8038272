/** A person as the lab writes them down. */
export interface PatientDetails {
  /** Medical record number: the same person has the same one, however often they are registered. */
  readonly mrn: string;
  readonly given: string;
  readonly family: string;
  /** `YYYY-MM-DD` */
  readonly birthDate: string;
  readonly sex: 'female' | 'male' | 'other' | 'unknown';
  readonly phone: string | null;
  readonly policyNumber: string;
}

export interface BillItem {
  readonly code: string;
  readonly description: string;
  readonly amountCents: number;
}

export interface Observation {
  /** LOINC. */
  readonly code: string;
  readonly name: string;
  readonly value: number | string;
  readonly unit: string | null;
}

/** One order of a patient, from the claim that is billed for it to the findings that are reported. */
export interface Visit {
  readonly title: string;
  readonly currency: string;
  readonly items: readonly BillItem[];
  readonly observations: readonly Observation[];
  /** Its report carries a scan of 3 MB. */
  readonly hasScan: boolean;
}

/** What the story does with one patient, wherever the patient comes from. */
export interface PatientCase {
  /** As it gets into the lab's records: with the slips of a real day. */
  readonly entered: PatientDetails;
  /** As the patient's own papers say: what a clerk corrects the records to. */
  readonly papers: PatientDetails;
  readonly visits: readonly Visit[];
}
