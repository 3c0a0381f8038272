import { CITY_LAB } from '../lab/labs.js';
import { PatientRegistered } from '../lab/patients/patient.actions.js';
import { queryKey } from './credential.js';
import { valueAt, type Vendor } from './vendor.js';

/** Of every six first tries, the first is answered 503 and the third is hung up on. Second tries are taken. */
const PERIOD = 6;
const BUSY_AT = 0;
const HANG_UP_AT = 2;

/** Sends the welcome message. Overloaded now and then; refuses a message without a number. */
export const SMS_GATEWAY: Vendor = {
  name: 'PingText SMS',
  labs: [CITY_LAB],
  credentials: queryKey('key'),
  integrations: [
    {
      actionId: PatientRegistered.id,
      name: 'SMS: welcome',
      path: '/messages',
      // People in a bulk upload have not just been at the desk: a welcome would puzzle them.
      filter: 'context.channel != "upload"',
      mapping: '{ "to": data.phone, "text": "Welcome, " & data.given & ". Your patient number is " & data._id & "." }',
    },
  ],

  answer({ body, position, tryNumber }) {
    if (tryNumber === 1 && position % PERIOD === BUSY_AT) return { kind: 'refuse', status: 503 };
    if (tryNumber === 1 && position % PERIOD === HANG_UP_AT) return { kind: 'hang-up' };
    if (typeof valueAt(body, 'to') === 'string') return { kind: 'accept' };
    return { kind: 'refuse', status: 422, body: { error: '"to" must be a phone number' } };
  },
};
