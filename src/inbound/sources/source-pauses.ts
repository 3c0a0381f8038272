import { Injectable } from '@nestjs/common';
import type { IntegrationId, TenantId } from '../../common/ids.js';
import { DeliveryQueue } from '../../scheduling/delivery-queue.js';
import type { InboundSource } from './inbound-source.js';
import { SourceDirectory } from './source-directory.js';

/** Stops and starts the work on the webhooks of a source. */
@Injectable()
export class SourcePauses {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly queue: DeliveryQueue,
  ) {}

  /**
   * Its webhooks wait from now on, in every process within a second. Pausing what is paused keeps the first reason.
   * @throws SourceUnknownError or SourceVersionConflictError
   */
  async pause(
    tenantId: TenantId,
    id: IntegrationId,
    { by, reason }: { by: string; reason: string },
  ): Promise<InboundSource> {
    const current = await this.directory.get(tenantId, id);
    if (current.pause) return current;
    return this.directory.update(current, { pause: { by, at: new Date(), reason } }, by);
  }

  /** @throws SourceUnknownError or SourceVersionConflictError */
  async resume(tenantId: TenantId, id: IntegrationId, by: string): Promise<InboundSource> {
    const current = await this.directory.get(tenantId, id);
    if (!current.pause) return current;
    const resumed = await this.directory.update(current, { pause: null }, by);
    await this.queue.refill(id);
    return resumed;
  }
}
