import type { IntegrationId, TenantId } from '../common/ids.js';
import { defineCollection } from '../storage/collection.js';
import type { Direction } from './integration-log.js';

/** Says that a tenant has, or had, logs of this integration, vendor, action and direction. */
export interface LogOrigin {
  /** From all that it says. */
  readonly _id: string;
  readonly tenantId: TenantId;
  readonly integrationId: IntegrationId | null;
  readonly vendor: string | null;
  readonly actionId: number | null;
  readonly direction: Direction;
}

export const LOG_ORIGINS = defineCollection<LogOrigin>({
  name: 'log_origins',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    integrationId: { type: String, default: null },
    vendor: { type: String, default: null },
    actionId: { type: Number, default: null },
    direction: { type: String, required: true },
  },
  indexes: [
    {
      name: 'of_tenant',
      keys: { tenantId: 1, integrationId: 1 },
      serves: 'search: which integrations have logs of a vendor, an action or a direction',
    },
  ],
});

export const originIdOf = ({ tenantId, integrationId, vendor, actionId, direction }: Omit<LogOrigin, '_id'>): string =>
  JSON.stringify([tenantId, integrationId, vendor, actionId, direction]);
