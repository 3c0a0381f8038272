import { Injectable } from '@nestjs/common';
import type { LogId, TenantId } from '../common/ids.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { LogUnknownError } from '../logging/log-unknown.error.js';
import { DeliveryQueue } from '../scheduling/delivery-queue.js';
import { NotResolvableError } from './not-resolvable.error.js';

/** Settles what FAILed without sending anything, and takes that back. The log stays FAIL. */
@Injectable()
export class ResolutionService {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly queue: DeliveryQueue,
  ) {}

  /** @throws LogUnknownError, or NotResolvableError where it did not FAIL or is settled already. */
  async resolve(tenantId: TenantId, id: LogId, request: { by: string; note: string }): Promise<IntegrationLog> {
    const resolved = await this.logs.resolve(tenantId, id, request);
    if (!resolved) throw new NotResolvableError(await this.get(tenantId, id), 'resolved');
    await this.letNextGo(resolved);
    return resolved;
  }

  /** @throws LogUnknownError, or NotResolvableError where it is not resolved. */
  async unresolve(tenantId: TenantId, id: LogId): Promise<IntegrationLog> {
    const log = await this.logs.unresolve(tenantId, id);
    if (!log) throw new NotResolvableError(await this.get(tenantId, id), 'unresolved');
    return log;
  }

  /** What it held back as one that FAILed goes on. */
  private async letNextGo({ integrationId, order }: IntegrationLog): Promise<void> {
    if (!integrationId || !order) return;
    const next = await this.logs.bringBackNext(integrationId, order.key);
    if (!next?.nextAttemptAt) return;
    const { _id: logId, attemptCount, nextAttemptAt: dueAt } = next;
    await this.queue.add([{ logId, integrationId, attempt: attemptCount + 1, dueAt }]);
  }

  private async get(tenantId: TenantId, id: LogId): Promise<IntegrationLog> {
    const log = await this.logs.find(tenantId, id);
    if (!log) throw new LogUnknownError(id);
    return log;
  }
}
