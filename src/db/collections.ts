import { API_ACTIONS } from '../actions/api-action.collection.js';
import { AUDIT_ENTRIES } from '../audit/audit-entry.collection.js';
import { ACTION_EVENTS } from '../dispatch/action-event.collection.js';
import { INTEGRATION_VERSIONS, INTEGRATIONS } from '../integrations/integration.collection.js';
import { INTEGRATION_ATTEMPTS, INTEGRATION_LOGS } from '../logging/integration-log.collection.js';
import { LOG_ORIGINS } from '../logging/log-origin.collection.js';
import { CALL_PROCESSES } from '../logging/decorator/call-process.collection.js';
import { FAILED_RECORDS, WEBHOOK_FILES } from '../inbound/bulk/webhook-file.collection.js';
import { INBOUND_SOURCE_VERSIONS, INBOUND_SOURCES } from '../inbound/sources/inbound-source.collection.js';
import { RECEIVED_REQUESTS } from '../logging/received/received-request.collection.js';
import { PAYLOADS } from '../logging/payloads/payload.collection.js';
import { RETENTION_PROGRESS } from '../logging/retention/retention-progress.collection.js';
import { API_KEYS } from '../security/api-keys/api-key.collection.js';
import { SECRETS } from '../security/secrets/secret.collection.js';
import { SECRET_KEYS } from '../security/secrets/secret-key.collection.js';
import { TENANTS } from '../security/tenants/tenant.collection.js';
import { ERASURES } from '../erasure/erasure.collection.js';
import { CHANGED_SPANS } from '../logging/changed-span.collection.js';
import { LEASES } from '../insights/lease.collection.js';
import { LOG_ROLLUPS } from '../insights/log-rollup.collection.js';
import { FAILURE_GROUPS } from '../insights/failures/failure-group.collection.js';
import { FAILURE_SLICES } from '../insights/failures/failure-slice.collection.js';
import { RETRY_BATCH_ITEMS, RETRY_BATCHES } from '../retries/batches/retry-batch.collection.js';
import type { AnyCollection } from '../storage/index-faults.js';

/** Every collection of Waybill. */
export const COLLECTIONS: readonly AnyCollection[] = [
  ACTION_EVENTS,
  API_ACTIONS,
  API_KEYS,
  AUDIT_ENTRIES,
  CALL_PROCESSES,
  CHANGED_SPANS,
  ERASURES,
  FAILED_RECORDS,
  FAILURE_GROUPS,
  FAILURE_SLICES,
  INBOUND_SOURCES,
  INBOUND_SOURCE_VERSIONS,
  INTEGRATIONS,
  INTEGRATION_ATTEMPTS,
  INTEGRATION_LOGS,
  INTEGRATION_VERSIONS,
  LEASES,
  LOG_ORIGINS,
  LOG_ROLLUPS,
  PAYLOADS,
  RECEIVED_REQUESTS,
  RETENTION_PROGRESS,
  RETRY_BATCHES,
  RETRY_BATCH_ITEMS,
  SECRETS,
  SECRET_KEYS,
  TENANTS,
  WEBHOOK_FILES,
];
