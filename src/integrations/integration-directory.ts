import { Injectable } from '@nestjs/common';
import { FreshCache } from '../common/fresh-cache.js';
import { asIntegrationId, asTenantId, type IntegrationId, newIntegrationId, type TenantId } from '../common/ids.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { V1_SCHEME } from '../security/signatures/v1.scheme.js';
import { Database } from '../storage/database.js';
import type { SplitAuth } from './auth/auth-kind.js';
import type { Integration, StoredAuth, StoredCallback } from './integration.js';
import { INTEGRATION_VERSIONS, INTEGRATIONS } from './integration.collection.js';
import { IntegrationUnknownError } from './integration-unknown.error.js';
import type { CheckedIntegration } from './integration-checker.js';
import type { Signing } from './signing/signing.js';
import type { StoredTls } from './tls/tls.js';
import type { ReadTls } from './tls/tls-credentials.js';
import { VersionConflictError } from './version-conflict.error.js';
import { NOT_DELETED, VersionedDirectory } from './versioned-directory.js';

/** Every process works by a new version within a second: what was read is kept for less than that. */
const CACHE_MS = 800;
const CACHED_ENTRIES = 50_000;

/** The integrations of all tenants, with the history of their versions. */
@Injectable()
export class IntegrationDirectory extends VersionedDirectory<Integration> {
  /** By `<tenant> <action>`. */
  private readonly byAction = new FreshCache<string, readonly Integration[]>({
    what: 'the integrations of an action',
    max: CACHED_ENTRIES,
    ttlMs: CACHE_MS,
    load: (key) => {
      const [tenantId = '', actionId] = key.split(' ');
      return this.records
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
    load: (_id) => this.records.findOne({ _id, ...NOT_DELETED }).lean<Integration>(),
  });

  constructor(
    database: Database,
    private readonly vault: SecretVault,
  ) {
    super(database, {
      records: INTEGRATIONS,
      versions: INTEGRATION_VERSIONS,
      unknown: (id) => new IntegrationUnknownError(id),
      conflict: (id, expected) => new VersionConflictError(id, expected),
    });
  }

  /** All of them, enabled or not, at most a second old: fan-out says why it left one out. */
  async forAction(tenantId: TenantId, actionId: number): Promise<readonly Integration[]> {
    return this.byAction.get(`${tenantId} ${actionId}`);
  }

  /** At most a second old, and paused only where it is so now; `null` where it was deleted. */
  async forDelivery(id: IntegrationId): Promise<Integration | null> {
    return this.byId.get(id);
  }

  /** In the order of their ids, which is the order of creation; `after` is the last id of the page before. */
  async list(tenantId: TenantId, page: { after: string; limit: number; actionId?: number }): Promise<Integration[]> {
    const action = page.actionId === undefined ? {} : { actionId: page.actionId };
    return this.records
      .find({ tenantId, ...action, ...NOT_DELETED, _id: { $gt: asIntegrationId(page.after) } })
      .sort({ _id: 1 })
      .hint(page.actionId === undefined ? 'by_tenant' : 'by_action')
      .limit(page.limit)
      .lean<Integration[]>();
  }

  /** All of them that have a retry schedule, of every tenant. */
  async *withRetrySchedule(): AsyncGenerator<Integration> {
    yield* this.records
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
    await this.records.create(integration);
    this.forget(integration);
    return integration;
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

  protected forget({ _id, tenantId, actionId }: Integration): void {
    this.byId.forget(_id);
    this.byAction.forget(`${tenantId} ${actionId}`);
  }
}
