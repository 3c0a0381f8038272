/** What a patient came for: one panel of tests on one sample. */
export interface Order {
  _id: string;
  labId: string;
  patientId: string;
  title: string;
  status: 'ordered' | 'received' | 'reported';
  receivedAt: string | null;
}
