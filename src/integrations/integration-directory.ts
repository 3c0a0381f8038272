import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { FreshCache } from '../common/fresh-cache.js';
import { asIntegrationId, asTenantId, type IntegrationId, newIntegrationId, type TenantId } from '../common/ids.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { V1_SCHEME } from '../security/signatures/v1.scheme.js';
import { Database } from '../storage/database.js';
import type { SplitAuth } from './auth/auth-kind.js';
import type { Integration, IntegrationConfig, StoredAuth, StoredCallback } from './integration.js';
import { INTEGRATIONS } from './integration.collection.js';
import { IntegrationHistory } from './integration-history.js';
import { IntegrationUnknownError } from './integration-unknown.error.js';
import type { CheckedIntegration } from './integration-checker.js';
import type { Signing } from './signing/signing.js';
import type { StoredTls } from './tls/tls.js';
import type { ReadTls } from './tls/tls-credentials.js';
import { VersionConflictError } from './version-conflict.error.js';
import type { VersionPage } from './version-history.js';

/** Every process works by a new version within a second: what was read is kept for less than that. */
const CACHE_MS = 800;
const CACHED_ENTRIES = 50_000;

/** One that is being deleted is there for a moment more, and for good where its process died in that moment. */
const NOT_DELETED = { deleted: { $exists: false } };

/** The integrations of all tenants, with the history of their versions. */
@Injectable()
export class IntegrationDirectory implements OnModuleInit {
  private readonly integrations: Model<Integration>;
  /** By `<tenant> <action>`. */
  private readonly byAction = new FreshCache<string, readonly Integration[]>({
    what: 'the integrations of an action',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    load: (key) => {
      const [tenantId = '', actionId] = key.split(' ');
      return this.integrations
        .find({ tenantId: asTenantId(tenantId), actionId: Number(actionId), ...NOT_DELETED })
        .sort({ _id: 1 })
        .hint('by_action')
        .lean<Integration[]>();
    },
  });
  private readonly byId = new FreshCache<IntegrationId, Integration | null>({
    what: 'an integration',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    // What a worker leaves alone because of a pause that has just ended would wait for a sweep.
    mayKeep: (integration) => !integration?.pause,
    load: (_id) => this.integrations.findOne({ _id, ...NOT_DELETED }).lean<Integration>(),
  });

  constructor(
    private readonly database: Database,
    private readonly vault: SecretVault,
    private readonly history: IntegrationHistory,
  ) {
    this.integrations = database.model(INTEGRATIONS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(INTEGRATIONS);
  }

  /** All of them, enabled or not, at most a second old: fan-out says why it left one out. */
  async forAction(tenantId: TenantId, actionId: number): Promise<readonly Integration[]> {
    return this.byAction.get(`${tenantId} ${actionId}`);
  }

  /** At most a second old, and paused only where it is so now; `null` where it was deleted. */
  async forDelivery(id: IntegrationId): Promise<Integration | null> {
    return this.byId.get(id);
  }

  /** @throws IntegrationUnknownError also where it belongs to another tenant. */
  async get(tenantId: TenantId, id: IntegrationId): Promise<Integration> {
    const integration = await this.integrations.findOne({ _id: id, tenantId, ...NOT_DELETED }).lean<Integration>();
    if (!integration) throw new IntegrationUnknownError(id);
    return integration;
  }

  /** In the order of their ids, which is the order of creation; `after` is the last id of the page before. */
  async list(tenantId: TenantId, page: { after: string; limit: number; actionId?: number }): Promise<Integration[]> {
    const action = page.actionId === undefined ? {} : { actionId: page.actionId };
    return this.integrations
      .find({ tenantId, ...action, ...NOT_DELETED, _id: { $gt: asIntegrationId(page.after) } })
      .sort({ _id: 1 })
      .hint(page.actionId === undefined ? 'by_tenant' : 'by_action')
      .limit(page.limit)
      .lean<Integration[]>();
  }

  /** All of them that have a retry schedule, of every tenant. */
  async *withRetrySchedule(): AsyncGenerator<Integration> {
    yield* this.integrations
      .find({ 'retrySchedule.cron': { $exists: true }, ...NOT_DELETED })
      .hint('scheduled_retries')
      .lean<Integration[]>()
      .cursor();
  }

  async create(
    tenantId: TenantId,
    checked: CheckedIntegration,
    author: string,
    signing: Signing | null = null,
  ): Promise<Integration> {
    const now = new Date();
    const integration: Integration = {
      _id: newIntegrationId(),
      tenantId,
      ...checked.config,
      auth: await this.storeAuth(tenantId, checked.auth),
      signing,
      tls: await this.storeTls(tenantId, checked.tls),
      statusCallback: await this.storeCallback(tenantId, checked.callbackUrl, null),
      disabledReason: null,
      pause: null,
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
    change: Partial<IntegrationConfig & Pick<Integration, 'disabledReason' | 'pause'>>,
    author: string,
  ) {
    const updated = await this.replace(current, change, author);
    if (!updated) throw new VersionConflictError(current._id, current.version);
    return updated;
  }

  /**
   * Deletes it, as a version that says who did it and when; its versions and its logs stay. Deliveries that wait FAIL with
   * the reason. Marked first and removed last: whoever reads meanwhile, or after a crash in between, finds it deleted.
   * @throws IntegrationUnknownError
   */
  async delete(tenantId: TenantId, id: IntegrationId, author: string): Promise<void> {
    const current = await this.get(tenantId, id);
    const deletion = await this.replace(current, { deleted: true }, author);
    // Somebody changed it meanwhile: a deletion means it as it is now.
    if (!deletion) return this.delete(tenantId, id, author);
    await this.history.keep(deletion);
    await this.integrations.deleteOne({ _id: id, tenantId });
  }

  /**
   * Switches it off because of how its vendor answers; given a version, only where that is still the latest. Answers
   * whether it did: a person who changes it at the same time wins.
   */
  async disable(id: IntegrationId, reason: string, version?: number | null): Promise<boolean> {
    const integration = await this.forDelivery(id);
    if (!integration?.enabled || (version !== undefined && integration.version !== version)) return false;
    return (await this.replace(integration, { enabled: false, disabledReason: reason }, 'waybill')) !== null;
  }

  /** The versions of an integration, newest first; where it was deleted, the deletion is the first. @throws IntegrationUnknownError */
  async versions(tenantId: TenantId, id: IntegrationId, { before, limit }: VersionPage): Promise<Integration[]> {
    const current = await this.integrations.findOne({ _id: id, tenantId }).lean<Integration>();
    const isOnPage = current !== null && (before === null || current.version < before);
    const earlier = await this.history.list(tenantId, id, { before: isOnPage ? current.version : before, limit });
    if (!current && earlier.length === 0) throw new IntegrationUnknownError(id);
    return [...(isOnPage ? [current] : []), ...earlier].slice(0, limit);
  }

  /** One version of an integration, whether it is in force, was, or is the deletion; `null` where there was none. */
  async findVersion(tenantId: TenantId, id: IntegrationId, version: number): Promise<Integration | null> {
    const current = await this.integrations.findOne({ _id: id, tenantId, version }).lean<Integration>();
    if (current) return current;
    const [kept] = await this.history.list(tenantId, id, { before: version + 1, limit: 1 });
    return kept?.version === version ? kept : null;
  }

  /** Encrypts the secret of `auth` and answers with what an integration keeps of it. */
  async storeAuth(tenantId: TenantId, { kind, settings, secret }: SplitAuth & { kind: string }): Promise<StoredAuth> {
    return { kind, settings, secretId: secret === null ? null : await this.vault.store(tenantId, secret) };
  }

  /** Encrypts keys and certificates and answers with what an integration keeps of them. */
  async storeTls(tenantId: TenantId, tls: ReadTls | null): Promise<StoredTls | null> {
    if (!tls) return null;
    const { material, clientCertificate, authorities } = tls;
    return { secretId: await this.vault.store(tenantId, JSON.stringify(material)), clientCertificate, authorities };
  }

  /** A callback keeps its secret for as long as there is one; else a secret is made. */
  async storeCallback(
    tenantId: TenantId,
    url: string | null,
    before: StoredCallback | null,
  ): Promise<StoredCallback | null> {
    if (url === null) return null;
    return { url, secretId: before?.secretId ?? (await this.vault.store(tenantId, V1_SCHEME.newKey().secret)) };
  }

  /** For what was stored for a version which then did not come about. */
  async forgetSecrets(tenantId: TenantId, secretIds: readonly (string | null | undefined)[]): Promise<void> {
    const stored = secretIds.filter((id) => id !== null && id !== undefined);
    await Promise.all(stored.map((id) => this.vault.forget(tenantId, id)));
  }

  /** Moves it to its next version; `null` where `current` is no longer the latest. */
  private async replace(
    current: Integration,
    change: Partial<Integration>,
    author: string,
  ): Promise<Integration | null> {
    const { _id, tenantId, version } = current;
    await this.history.keep(current);
    const next = await this.integrations
      .findOneAndUpdate(
        { _id, tenantId, version, ...NOT_DELETED },
        { $set: { ...change, version: version + 1, updatedAt: new Date(), updatedBy: author } },
        { returnDocument: 'after' },
      )
      .lean<Integration>();
    if (!next) return null;
    this.forget(next);
    if (next.actionId !== current.actionId) this.forget(current);
    return next;
  }

  private forget({ _id, tenantId, actionId }: Integration): void {
    this.byId.forget(_id);
    this.byAction.forget(`${tenantId} ${actionId}`);
  }
}
