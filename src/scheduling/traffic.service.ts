import { Injectable } from '@nestjs/common';
import type { IntegrationId, TenantId } from '../common/ids.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import { HeldLogs } from '../logging/held-logs.js';
import { IntegrationLogStore } from '../logging/integration-log.store.js';
import { Admission, slotOwnerOf } from './admission.js';
import { DeliveryQueue } from './delivery-queue.js';
import type { HeldDeliveryDto, TrafficStateDto } from './traffic.dto.js';

/** What a person does about the deliveries of an integration, and sees of them. */
@Injectable()
export class TrafficService {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly logs: IntegrationLogStore,
    private readonly heldLogs: HeldLogs,
    private readonly admission: Admission,
    private readonly queue: DeliveryQueue,
  ) {}

  /**
   * Its deliveries wait from now on, in every process within a second. Pausing what is paused keeps the first reason.
   * @throws IntegrationUnknownError or VersionConflictError
   */
  async pause(
    tenantId: TenantId,
    id: IntegrationId,
    { by, reason }: { by: string; reason: string },
  ): Promise<Integration> {
    const current = await this.directory.get(tenantId, id);
    if (current.pause) return current;
    return this.directory.update(current, { pause: { by, at: new Date(), reason } }, by);
  }

  /** @throws IntegrationUnknownError or VersionConflictError */
  async resume(tenantId: TenantId, id: IntegrationId, by: string): Promise<Integration> {
    const current = await this.directory.get(tenantId, id);
    if (!current.pause) return current;
    const resumed = await this.directory.update(current, { pause: null }, by);
    await this.queue.refill(id);
    return resumed;
  }

  /** @throws IntegrationUnknownError */
  async stateOf(tenantId: TenantId, id: IntegrationId): Promise<TrafficStateDto> {
    const integration = await this.directory.get(tenantId, id);
    const now = Date.now();
    const [gate, due, held, longestHeld] = await Promise.all([
      this.admission.look(slotOwnerOf(id, integration)),
      this.logs.countDueOf(id, new Date(now)),
      this.heldLogs.countOf(id),
      this.longestHeld(integration),
    ]);
    return {
      inLane: gate.inLane,
      limit: gate.limit,
      due: due.count,
      oldestDueAt: due.oldestAt,
      held,
      longestHeld,
      breaker: gate.breaker,
      probeAt: gate.breaker === 'open' ? new Date(now + gate.probeInMs) : null,
      coolUntil: gate.coolForMs > 0 ? new Date(now + gate.coolForMs) : null,
      paused: integration.pause !== null,
    };
  }

  private async longestHeld({ _id, traffic }: Integration): Promise<HeldDeliveryDto | null> {
    const held = await this.heldLogs.longestOf(_id);
    if (!held) return null;
    const before = await this.heldLogs.firstBefore(held, traffic.ordering?.afterFail === 'hold');
    const behind = before && { logId: before._id, status: before.status };
    return { logId: held._id, since: held.updatedAt, behind };
  }
}
