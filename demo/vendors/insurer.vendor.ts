import { POLICY_NUMBER_FORM } from '../input/policy-number.js';
import { BillGenerated } from '../lab/billing/bill.actions.js';
import { LABS } from '../lab/labs.js';
import { basic } from './credential.js';
import { valueAt, type Vendor } from './vendor.js';

/** Takes form fields; answers 200 to every claim, and says in the body what was wrong: an integration needs a success rule to see it. */
export const INSURER: Vendor = {
  name: 'Surety Health Insurance',
  labs: LABS,
  credentials: basic,
  format: 'form',
  integrations: [
    {
      actionId: BillGenerated.id,
      name: 'Insurer: claims',
      path: '/claims',
      mapping: `{
        "claimId": data.bill._id,
        "policyNumber": data.patient.policyNumber,
        "amount": $formatNumber(data.bill.totalCents / 100, "0.00"),
        "currency": data.bill.currency,
        "service": [data.bill.lines.(code & " " & description)]
      }`,
      successRule: { expression: 'body.status = "ok"' },
    },
  ],

  answer({ body }) {
    const policyNumber = String(valueAt(body, 'policyNumber', 0));
    if (POLICY_NUMBER_FORM.test(policyNumber)) return { kind: 'accept', body: { status: 'ok' } };
    const reason = `policyNumber "${policyNumber}" is malformed: expected SUR- and eight digits`;
    return { kind: 'refuse', status: 200, body: { status: 'error', reason } };
  },
};
