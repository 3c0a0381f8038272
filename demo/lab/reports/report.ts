interface Finding {
  code: string;
  name: string;
  value: number | string;
  unit: string | null;
}

export interface Report {
  _id: string;
  labId: string;
  patientId: string;
  orderId: string;
  title: string;
  /** `open` until the result of its sample is in. */
  status: 'open' | 'final';
  /** The pathologist by whose rules it becomes final. */
  signedBy: string;
  signedAt: string | null;
  findings: Finding[];
  /** Its PDF carries a scanned page. */
  hasScan: boolean;
}
