/** The door a patient came in by. */
export const CHANNELS = ['desk', 'upload', 'api'] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Patient {
  _id: string;
  labId: string;
  mrn: string;
  given: string;
  family: string;
  birthDate: string;
  sex: string;
  phone: string | null;
  policyNumber: string;
  channel: Channel;
}
