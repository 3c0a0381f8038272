import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { FreshCache } from '../common/fresh-cache.js';
import { asIntegrationId, asTenantId, type IntegrationId, newIntegrationId, type TenantId } from '../common/ids.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { Database } from '../storage/database.js';
import { isDuplicateKey } from '../storage/mongo-errors.js';
import type { SplitAuth } from './auth/auth-kind.js';
import type { Integration, IntegrationConfig, IntegrationVersion, StoredAuth } from './integration.js';
import { INTEGRATION_VERSIONS, INTEGRATIONS } from './integration.collection.js';
import { IntegrationUnknownError } from './integration-unknown.error.js';
import type { CheckedIntegration } from './integration-checker.js';
import { VersionConflictError } from './version-conflict.error.js';

/** Every process works by a new version within a second: what was read is kept for less than that. */
const CACHE_MS = 800;
const CACHED_ENTRIES = 50_000;

/** The integrations of all tenants, with the history of their versions. */
@Injectable()
export class IntegrationDirectory implements OnModuleInit {
  private readonly integrations: Model<Integration>;
  private readonly versions: Model<IntegrationVersion>;
  /** By `<tenant> <action>`. */
  private readonly byAction = new FreshCache<string, readonly Integration[]>({
    what: 'the integrations of an action',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    load: (key) => {
      const [tenantId = '', actionId] = key.split(' ');
      return this.integrations
        .find({ tenantId: asTenantId(tenantId), actionId: Number(actionId) })
        .sort({ _id: 1 })
        .lean<Integration[]>();
    },
  });
  private readonly byId = new FreshCache<IntegrationId, Integration | null>({
    what: 'an integration',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    load: (_id) => this.integrations.findOne({ _id }).lean<Integration>(),
  });

  constructor(
    private readonly database: Database,
    private readonly vault: SecretVault,
  ) {
    this.integrations = database.model(INTEGRATIONS);
    this.versions = database.model(INTEGRATION_VERSIONS);
  }

  async onModuleInit(): Promise<void> {
    await Promise.all([this.database.ensureIndexes(INTEGRATIONS), this.database.ensureIndexes(INTEGRATION_VERSIONS)]);
  }

  /** All of them, enabled or not, at most a second old: fan-out says why it left one out. */
  async forAction(tenantId: TenantId, actionId: number): Promise<readonly Integration[]> {
    return this.byAction.get(`${tenantId} ${actionId}`);
  }

  /** At most a second old; `null` where it was deleted. */
  async forDelivery(id: IntegrationId): Promise<Integration | null> {
    return this.byId.get(id);
  }

  /** @throws IntegrationUnknownError also where it belongs to another tenant. */
  async get(tenantId: TenantId, id: IntegrationId): Promise<Integration> {
    const integration = await this.integrations.findOne({ _id: id, tenantId }).lean<Integration>();
    if (!integration) throw new IntegrationUnknownError(id);
    return integration;
  }

  /** In the order of their ids, which is the order of creation; `after` is the last id of the page before. */
  async list(tenantId: TenantId, page: { after: string; limit: number; actionId?: number }): Promise<Integration[]> {
    const action = page.actionId === undefined ? {} : { actionId: page.actionId };
    return this.integrations
      .find({ tenantId, ...action, _id: { $gt: asIntegrationId(page.after) } })
      .sort({ _id: 1 })
      .limit(page.limit)
      .lean<Integration[]>();
  }

  async create(tenantId: TenantId, checked: CheckedIntegration, author: string): Promise<Integration> {
    const now = new Date();
    const integration: Integration = {
      _id: newIntegrationId(),
      tenantId,
      ...checked.config,
      auth: await this.storeAuth(tenantId, checked.auth),
      disabledReason: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
      updatedBy: author,
    };
    await this.integrations.create(integration);
    this.forget(integration);
    return integration;
  }

  /**
   * Replaces everything that `change` names, as a new version. The version before is kept first, so that no crash can
   * leave a hole in the history.
   * @throws VersionConflictError when `current` is no longer the latest version.
   */
  async update(
    current: Integration,
    change: Partial<IntegrationConfig> & { disabledReason?: string | null },
    author: string,
  ) {
    const version = current.version;
    await this.keepVersion(current);
    const updated = await this.integrations
      .findOneAndUpdate(
        { _id: current._id, tenantId: current.tenantId, version },
        { $set: { ...change, version: version + 1, updatedAt: new Date(), updatedBy: author } },
        { returnDocument: 'after' },
      )
      .lean<Integration>();
    if (!updated) throw new VersionConflictError(current._id, version);
    this.forget(updated);
    if (updated.actionId !== current.actionId) this.forget(current);
    return updated;
  }

  /** Deletes it; its versions and its logs stay. Deliveries that wait FAIL with the reason. */
  async delete(integration: Integration): Promise<void> {
    await this.keepVersion(integration);
    await this.integrations.deleteOne({ _id: integration._id, tenantId: integration.tenantId });
    this.forget(integration);
  }

  /** Switches it off because its vendor said so; a person who changes it at the same time wins. */
  async disable(integration: Integration, reason: string): Promise<void> {
    try {
      await this.update(integration, { enabled: false, disabledReason: reason }, 'waybill');
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
    }
  }

  /** The versions before the current one, newest first. */
  async history(tenantId: TenantId, id: IntegrationId, limit: number): Promise<Integration[]> {
    const versions = await this.versions
      .find({ integrationId: id, tenantId })
      .sort({ version: -1 })
      .limit(limit)
      .lean<IntegrationVersion[]>();
    return versions.map(({ snapshot }) => snapshot);
  }

  /** Encrypts the secret of `auth` and answers with what an integration keeps of it. */
  async storeAuth(tenantId: TenantId, { kind, settings, secret }: SplitAuth & { kind: string }): Promise<StoredAuth> {
    return { kind, settings, secretId: secret === null ? null : await this.vault.store(tenantId, secret) };
  }

  /** For an `auth` that was stored for a version which then did not come about. */
  async forgetAuth(tenantId: TenantId, { secretId }: StoredAuth): Promise<void> {
    if (secretId !== null) await this.vault.forget(tenantId, secretId);
  }

  private async keepVersion(snapshot: Integration): Promise<void> {
    const { _id, tenantId, version } = snapshot;
    try {
      await this.versions.create({ _id: `${_id}-${version}`, integrationId: _id, tenantId, version, snapshot });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  private forget({ _id, tenantId, actionId }: Integration): void {
    this.byId.forget(_id);
    this.byAction.forget(`${tenantId} ${actionId}`);
  }
}
