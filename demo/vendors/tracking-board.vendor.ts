import { LABS } from '../lab/labs.js';
import { SampleReceived } from '../lab/samples/sample.actions.js';
import type { Vendor } from './vendor.js';

/** The screen on the wall that shows which samples are in. In the lab's own network, so it asks for no credential. */
export const TRACKING_BOARD: Vendor = {
  name: 'Tracking board',
  labs: LABS,
  credentials: null,
  integrations: [
    {
      actionId: SampleReceived.id,
      name: 'Board: samples',
      path: '/boards/{{tenantId}}/samples/{{context.orderId}}',
      mapping: '{ "order": data._id, "tests": data.title, "receivedAt": data.receivedAt }',
    },
  ],
  answer: () => ({ kind: 'accept' }),
};
