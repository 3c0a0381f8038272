import { CITY_LAB } from '../lab/labs.js';
import { ReportSigned } from '../lab/reports/report.actions.js';
import { headerKey } from './credential.js';
import { valueAt, type Vendor } from './vendor.js';

/** One first try in ten is answered 503 and asked to come again after a second. */
const PERIOD = 10;
const RETRY_AFTER_S = 1;

/** Where referring doctors read their patients' reports as PDF. */
export const DOCTOR_PORTAL: Vendor = {
  name: "Referring doctors' portal",
  labs: [CITY_LAB],
  credentials: headerKey('x-portal-key'),
  integrations: [
    {
      actionId: ReportSigned.id,
      name: 'Portal: reports',
      path: '/reports',
      headers: { 'x-report-id': '{{data.report._id}}' },
      mapping: '{ "reportId": data.report._id, "title": data.report.title, "patient": data.patient.family }',
      attachments: [{ field: 'pdf', provider: 'report-pdf' }],
    },
  ],

  answer({ body, position, tryNumber }) {
    if (tryNumber === 1 && position % PERIOD === 0)
      return { kind: 'refuse', status: 503, headers: { 'retry-after': String(RETRY_AFTER_S) } };
    if (typeof valueAt(body, 'pdf') === 'string') return { kind: 'accept' };
    return { kind: 'refuse', status: 400, body: { error: 'no PDF' } };
  },
};
