import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { FreshCache } from '../../common/fresh-cache.js';
import type { TenantId } from '../../common/ids.js';
import { NO_REDACTION, type RedactionSettings } from '../../common/redaction-rules.js';
import { Database } from '../../storage/database.js';
import { DEFAULT_RETENTION, type Retention } from './retention.js';
import { TENANTS, type Tenant } from './tenant.collection.js';

/** Every process works by a change within a second. */
const CACHE_MS = 800;
/** While MongoDB is away a process works by what it has known. */
const LAST_FOR_MS = 3_600_000;

/** What a tenant has set, as the delivery of its events needs it. A tenant that does not exist has the defaults. */
@Injectable()
export class TenantSettings {
  private readonly tenants: Model<Tenant>;
  private readonly known = new FreshCache<TenantId, Tenant | null>({
    what: "a tenant's settings",
    max: 10_000,
    ttlMs: CACHE_MS,
    lastForMs: LAST_FOR_MS,
    load: (id) => this.tenants.findById(id).lean<Tenant>(),
  });

  constructor(database: Database) {
    this.tenants = database.model(TENANTS);
  }

  async retentionOf(id: TenantId): Promise<Retention> {
    return (await this.known.getOrLast(id))?.retention ?? DEFAULT_RETENTION;
  }

  async redactionOf(id: TenantId): Promise<RedactionSettings> {
    return (await this.known.getOrLast(id))?.redaction ?? NO_REDACTION;
  }

  /** Without a look at the database; `undefined` where the last one is too long ago. */
  currentRedactionOf(id: TenantId): RedactionSettings | undefined {
    const tenant = this.known.current(id);
    return tenant === undefined ? undefined : (tenant?.redaction ?? NO_REDACTION);
  }

  /** What has been changed counts in this process at once. */
  forget(id: TenantId): void {
    this.known.forget(id);
  }
}
