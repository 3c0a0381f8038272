export interface BillLine {
  code: string;
  description: string;
  amountCents: number;
}

export interface Bill {
  _id: string;
  labId: string;
  patientId: string;
  orderId: string;
  currency: string;
  lines: BillLine[];
  totalCents: number;
  /** The provider's id of the payment; `null` until it is paid. */
  paymentId: string | null;
}
