import type { IntegrationId, TenantId } from '../common/ids.js';
import { defineCollection } from '../storage/collection.js';
import type { RollupStep } from './rollup-step.js';
import type { Tally } from './tally.js';

/** Stands for all integrations of the tenant, with all of their actions. */
export const ALL_INTEGRATIONS = '*';

/** The logs of one integration and action that were created within one step of time. */
export interface LogRollup {
  /** What it sums up, so that summing it up again replaces it. */
  readonly _id: string;
  readonly tenantId: TenantId;
  readonly step: RollupStep;
  readonly at: Date;
  readonly integrationId: IntegrationId | typeof ALL_INTEGRATIONS | null;
  readonly actionId: number | null;
  readonly tally: Tally;
}

/** As long as rows are kept by default. */
export const INSIGHTS_KEPT_SECONDS = 400 * 86_400;

export const LOG_ROLLUPS = defineCollection<LogRollup>({
  name: 'log_rollups',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    step: { type: String, required: true },
    at: { type: Date, required: true },
    integrationId: { type: String, default: null },
    actionId: { type: Number, default: null },
    tally: { type: Object, required: true },
  },
  indexes: [
    {
      name: 'of_integration',
      keys: { tenantId: 1, step: 1, integrationId: 1, at: 1 },
      serves: 'stats of an integration, or of a tenant, and summing up the steps of an integration',
    },
    { name: 'of_action', keys: { tenantId: 1, step: 1, actionId: 1, at: 1 }, serves: 'stats of an action' },
    {
      name: 'of_time',
      keys: { tenantId: 1, step: 1, at: 1 },
      serves: 'summing up the integrations of a tenant',
    },
    {
      name: 'expiry',
      keys: { at: 1 },
      options: { expireAfterSeconds: INSIGHTS_KEPT_SECONDS },
      serves: 'expiry together with the rows',
    },
  ],
});
