import type { ErrorClass } from '../../common/error-class.js';
import type { IntegrationId, TenantId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';
import type { FailureSample } from './failure-slice.collection.js';

export const FAILURE_GROUP_STATES = ['open', 'acknowledged', 'resolved'] as const;
export type FailureGroupState = (typeof FAILURE_GROUP_STATES)[number];

/** What tells a group from others, as its first failure had it. */
export interface FailureKind {
  /** From the tenant, the integration, the class and the pattern. */
  readonly _id: string;
  readonly tenantId: TenantId;
  readonly integrationId: IntegrationId | null;
  readonly integrationName: string;
  readonly vendor: string | null;
  readonly errorClass: ErrorClass;
  readonly errorCode: string | null;
  /** The message with ids, numbers, dates and quoted values as `#`. */
  readonly pattern: string;
}

/** FAILs of one integration with the same class and the same message, but for what it says of the single case. */
export interface FailureGroup extends FailureKind {
  /** Logs that are FAIL with it now. */
  readonly count: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** The last of them, the newest first. */
  readonly samples: readonly FailureSample[];
  readonly state: FailureGroupState;
  readonly owner: string | null;
  readonly note: string | null;
  /** Who changed state, owner or note last. */
  readonly changedBy: string | null;
  readonly changedAt: Date | null;
  readonly resolvedAt: Date | null;
  /** When a new failure opened it again. */
  readonly reopenedAt: Date | null;
  /** Somebody was erased whose failures it had: it is deleted once nobody else's are in it. */
  readonly erasing?: true;
}

export const FAILURE_GROUPS = defineCollection<FailureGroup>({
  name: 'failure_groups',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    integrationId: { type: String, default: null },
    integrationName: { type: String, required: true },
    vendor: { type: String, default: null },
    errorClass: { type: String, required: true },
    errorCode: { type: String, default: null },
    pattern: { type: String, default: '' },
    count: { type: Number, required: true },
    firstSeenAt: { type: Date, required: true },
    lastSeenAt: { type: Date, required: true },
    samples: { type: [Object], required: true },
    state: { type: String, required: true },
    owner: { type: String, default: null },
    note: { type: String, default: null },
    changedBy: { type: String, default: null },
    changedAt: { type: Date, default: null },
    resolvedAt: { type: Date, default: null },
    reopenedAt: { type: Date, default: null },
    erasing: { type: Boolean },
  },
  indexes: [
    {
      name: 'last_seen',
      keys: { tenantId: 1, lastSeenAt: -1, _id: -1 },
      serves: 'list the groups of a tenant, the last seen first',
    },
    {
      name: 'last_seen_in_state',
      keys: { tenantId: 1, state: 1, lastSeenAt: -1, _id: -1 },
      serves: 'list the groups of a tenant in one state, the last seen first',
    },
  ],
});
