import { CITY_LAB } from '../lab/labs.js';
import { PatientRegistered } from '../lab/patients/patient.actions.js';
import { headerKey } from './credential.js';
import type { Vendor } from './vendor.js';

/** Customer relations: plain JSON, takes everything. */
export const CRM: Vendor = {
  name: 'Kinship CRM',
  labs: [CITY_LAB],
  credentials: headerKey('x-api-key'),
  integrations: [
    {
      actionId: PatientRegistered.id,
      name: 'CRM: contacts',
      path: '/contacts',
      mapping: '{ "externalId": data._id, "fullName": data.given & " " & data.family, "source": context.channel }',
    },
  ],
  answer: () => ({ kind: 'accept' }),
};
