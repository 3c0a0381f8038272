import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { daysAfter } from '../../security/tenants/retention.js';
import { PayloadFiles } from '../payloads/payload-files.js';
import { ReceivedRequestStore } from '../received/received-request.store.js';
import { PayloadStore } from '../payloads/payload.store.js';

const PAGE_SIZE = 500;

/** The database deletes payloads and stored requests by their `expiresAt`; this keeps it right, and deletes the files of those that are gone. */
@Injectable()
export class PayloadExpiry {
  private readonly log = new Logger('Retention');

  constructor(
    private readonly payloads: PayloadStore,
    private readonly files: PayloadFiles,
    private readonly received: ReceivedRequestStore,
  ) {}

  /** Has what a tenant stored before follow the days that it has set since; `false` where it was broken off. */
  async follow(tenantId: TenantId, bodyDays: number, stopping: AbortSignal): Promise<boolean> {
    await this.received.follow(tenantId, bodyDays);
    let after = '';
    for (let count = 0; !stopping.aborted;) {
      const page = await this.payloads.page(tenantId, after, PAGE_SIZE);
      for (const payload of page) {
        const expiresAt = daysAfter(payload.usedAt, bodyDays + 1);
        if (expiresAt.getTime() !== payload.expiresAt.getTime()) await this.payloads.moveExpiry(payload, expiresAt);
      }
      count += page.length;
      if (count > 0) this.log.log(`Tenant ${tenantId}: ${count} payloads are now kept for ${bodyDays} days`);
      if (page.length < PAGE_SIZE) return true;
      after = page.at(-1)?._id ?? '';
    }
    return false;
  }

  async deleteOrphanFiles(stopping: AbortSignal): Promise<void> {
    await this.files.deleteOrphans((ids) => this.payloads.namedFiles(ids), stopping);
  }
}
