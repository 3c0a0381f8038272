import type { IntegrationId, TenantId } from '../common/ids.js';
import type { IntegrationLog } from './integration-log.js';

/** Five minutes: the finest grain of what is told of many logs together. */
export const SPAN_MS = 300_000;

/** The logs of one integration, or of none, that were created in the five minutes from a time. */
export interface LogSpan {
  readonly tenantId: TenantId;
  readonly integrationId: IntegrationId | null;
  readonly from: Date;
}

export const spanOf = ({
  tenantId,
  integrationId,
  createdAt,
}: Pick<IntegrationLog, 'tenantId' | 'integrationId' | 'createdAt'>): LogSpan => ({
  tenantId,
  integrationId,
  from: new Date(createdAt.getTime() - (createdAt.getTime() % SPAN_MS)),
});
