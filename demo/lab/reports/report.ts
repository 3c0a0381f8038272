import type { Finding } from '../samples/order.js';

export interface Report {
  _id: string;
  labId: string;
  patientId: string;
  orderId: string;
  title: string;
  signedBy: string;
  signedAt: string;
  findings: Finding[];
  /** Its PDF carries a scanned page. */
  hasScan: boolean;
}
