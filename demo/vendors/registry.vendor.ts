import { LABS } from '../lab/labs.js';
import { ReportSigned } from '../lab/reports/report.actions.js';
import { basic } from './credential.js';
import type { Vendor } from './vendor.js';

/** The national registry of results. Its contract is not signed yet: the integration is there, switched off. */
export const REGISTRY: Vendor = {
  name: 'National registry',
  labs: LABS,
  credentials: basic,
  integrations: [
    { actionId: ReportSigned.id, name: 'Registry: results', path: '/results', enabled: false, mapping: 'data.report' },
  ],
  answer: () => ({ kind: 'accept' }),
};
