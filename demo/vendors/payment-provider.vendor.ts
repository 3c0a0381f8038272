import { BillGenerated } from '../lab/billing/bill.actions.js';
import { LABS } from '../lab/labs.js';
import { bearer } from './credential.js';
import { valueAt, type Vendor } from './vendor.js';
import { type ReceivedCall, VendorServer } from './vendor-server.js';
import { WebhookSender } from './webhook-sender.js';
import { STRIPE } from './webhook-signature.js';

/** One event in ten is posted twice, as providers of payments say that they may do: only its id is the same. */
const REPEATS_EVERY = 10;

const REQUESTS: Vendor = {
  name: 'Tillpay',
  labs: LABS,
  credentials: bearer,
  integrations: [
    {
      actionId: BillGenerated.id,
      name: 'Payments: requests',
      path: '/v1/payments',
      mapping: '{ "reference": data.bill._id, "amount": data.bill.totalCents, "currency": data.bill.currency }',
    },
  ],
  answer: () => ({ kind: 'accept' }),
};

/** Is told by delivery what is to be paid, and posts an event once it is. */
export class PaymentProvider {
  readonly server = new VendorServer(REQUESTS);
  readonly sender = new WebhookSender({
    name: 'Payments: events',
    vendor: 'payments',
    eventType: '/type',
    eventId: '/id',
    signature: STRIPE,
  });
  private paid = 0;

  /** A patient pays what was asked for. */
  async pay({ labId, body }: ReceivedCall): Promise<void> {
    const billId = String(valueAt(body, 'reference'));
    const id = `evt_${billId}`;
    const object = {
      id: `pay_${billId}`,
      amount: valueAt(body, 'amount'),
      currency: valueAt(body, 'currency'),
      metadata: { billId },
    };
    const event = { id, type: 'payment.succeeded', created: Math.floor(Date.now() / 1_000), data: { object } };
    const times = this.paid++ % REPEATS_EVERY === 0 ? 2 : 1;
    for (let delivery = 1; delivery <= times; delivery += 1)
      await this.sender.send(labId ?? '', { id, event: { ...event, delivery } });
  }
}
