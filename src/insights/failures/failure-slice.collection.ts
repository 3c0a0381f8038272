import type { IntegrationId, LogId, TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';
import { INSIGHTS_KEPT_SECONDS } from '../log-rollup.collection.js';
import type { RollupStep } from '../rollup-step.js';

export interface FailureSample {
  readonly logId: LogId;
  /** When it FAILed. */
  readonly at: Date;
}

/** The failures of one group among the logs that were created within one step of time. */
export interface FailureSlice {
  readonly _id: string;
  readonly groupId: string;
  readonly tenantId: TenantId;
  readonly integrationId: IntegrationId | null;
  readonly step: Extract<RollupStep, '5m' | '1d'>;
  readonly at: Date;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The last ones, the newest first. */
  readonly samples: readonly FailureSample[];
}

export const FAILURE_SLICES = defineCollection<FailureSlice>({
  name: 'failure_slices',
  fields: {
    _id: String,
    groupId: { type: String, required: true },
    tenantId: { type: String, required: true },
    integrationId: { type: String, default: null },
    step: { type: String, required: true },
    at: { type: Date, required: true },
    count: { type: Number, required: true },
    firstAt: { type: Date, required: true },
    lastAt: { type: Date, required: true },
    samples: { type: [Object], required: true },
  },
  indexes: [
    {
      name: 'of_integration',
      keys: { tenantId: 1, step: 1, integrationId: 1, at: 1 },
      serves: 'summing up the days of an integration',
    },
    { name: 'of_group', keys: { groupId: 1, step: 1, at: 1 }, serves: 'summing up a group' },
    {
      name: 'expiry',
      keys: { at: 1 },
      options: { expireAfterSeconds: INSIGHTS_KEPT_SECONDS },
      serves: 'expiry together with the rows',
    },
  ],
});
