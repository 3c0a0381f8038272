import { WaybillError } from '../common/waybill.error.js';
import type { IntegrationLog } from '../logging/integration-log.js';

export class NotResolvableError extends WaybillError {
  readonly code = 'LOG_NOT_RESOLVABLE';
  readonly stage = 'retry';
  readonly remedy = 'Read the log again: its status and its resolution say what has happened to it.';

  constructor({ _id, status, resolution }: IntegrationLog, what: 'resolved' | 'unresolved') {
    const by = resolution ? `, ${resolution.kind} by ${resolution.by} at ${resolution.at.toISOString()}` : '';
    super(`Log ${_id} cannot be ${what}: it is ${status}${by}`, { details: { logId: _id, status } });
  }
}
