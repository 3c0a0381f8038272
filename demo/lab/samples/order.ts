export interface Finding {
  code: string;
  name: string;
  value: number | string;
  unit: string | null;
}

/** What a patient came for: one panel of tests on one sample. */
export interface Order {
  _id: string;
  labId: string;
  patientId: string;
  title: string;
  status: 'ordered' | 'received' | 'measured' | 'reported';
  receivedAt: string | null;
  findings: Finding[];
}
