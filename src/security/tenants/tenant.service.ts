import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { asTenantId, type TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { isDuplicateKey } from '../../storage/mongo-errors.js';
import { TenantExistsError } from './tenant-exists.error.js';
import { TenantUnknownError } from './tenant-unknown.error.js';
import { TenantSettings } from './tenant-settings.js';
import { TENANTS, type Tenant } from './tenant.collection.js';

@Injectable()
export class TenantService implements OnModuleInit {
  private readonly tenants: Model<Tenant>;

  constructor(
    private readonly database: Database,
    private readonly settings: TenantSettings,
  ) {
    this.tenants = database.model(TENANTS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(TENANTS);
  }

  /** @throws TenantExistsError */
  async create(id: TenantId, name: string): Promise<Tenant> {
    const tenant: Tenant = { _id: id, name, createdAt: new Date() };
    try {
      await this.tenants.create(tenant);
    } catch (error) {
      if (isDuplicateKey(error)) throw new TenantExistsError(id);
      throw error;
    }
    return tenant;
  }

  /** @throws TenantUnknownError */
  async get(id: TenantId): Promise<Tenant> {
    const tenant = await this.tenants.findById(id).lean<Tenant>();
    if (!tenant) throw new TenantUnknownError(id);
    return tenant;
  }

  /** Replaces what the change names. @throws TenantUnknownError */
  async change(id: TenantId, { retention, redaction }: Pick<Tenant, 'retention' | 'redaction'>): Promise<Tenant> {
    const set = {
      ...(retention ? { retention, retentionChangedAt: new Date() } : {}),
      ...(redaction ? { redaction } : {}),
    };
    const tenant = await this.tenants.findByIdAndUpdate(id, { $set: set }, { returnDocument: 'after' }).lean<Tenant>();
    if (!tenant) throw new TenantUnknownError(id);
    this.settings.forget(id);
    return tenant;
  }

  /** In the order of their ids; `after` is the last id of the page before. */
  async list(after: string, limit: number): Promise<Tenant[]> {
    return this.tenants
      .find({ _id: { $gt: asTenantId(after) } })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<Tenant[]>();
  }
}
