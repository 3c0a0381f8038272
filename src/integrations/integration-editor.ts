import { NO_REDACTION } from '../common/redaction-rules.js';
import { Injectable } from '@nestjs/common';
import { isRecord } from '../common/primitives.js';
import type { IntegrationId, TenantId } from '../common/ids.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { type CheckedIntegration, IntegrationChecker } from './integration-checker.js';
import { IntegrationDirectory } from './integration-directory.js';
import type { Integration } from './integration.js';
import { schemesOf } from './integration-view.js';
import type { NewSigningKey } from './signing/signing.js';
import { SigningKeys } from './signing/signing-keys.js';
import { VersionConflictError } from './version-conflict.error.js';

/** Fields whose own fields can be changed one by one. */
const MERGED_FIELDS = ['endpoint', 'successRule', 'retryPolicy', 'traffic'] as const;

type Change = Readonly<Record<string, unknown>>;

type StoredCredentials = Partial<Pick<Integration, 'auth' | 'tls'>>;

export interface SavedIntegration {
  readonly integration: Integration;
  /** Keys that were made for it; nobody can ask for them again. */
  readonly newKeys: readonly NewSigningKey[];
  /** The secret of its status callback, where one was made. */
  readonly callbackSecret: string | null;
}

/** A person's changes to integrations: the result is checked as a whole, whatever part of it was changed. */
@Injectable()
export class IntegrationEditor {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly checker: IntegrationChecker,
    private readonly signingKeys: SigningKeys,
    private readonly vault: SecretVault,
  ) {}

  /** @throws IntegrationInvalidError */
  async create(tenantId: TenantId, input: Change, author: string): Promise<SavedIntegration> {
    const checked = await this.checker.check(input);
    const { signing, newKeys } = await this.signingKeys.settle(tenantId, checked.signing, null);
    return this.saved(null, await this.directory.create(tenantId, checked, author, signing), newKeys);
  }

  /** @throws IntegrationUnknownError, IntegrationInvalidError or VersionConflictError */
  async change(
    tenantId: TenantId,
    id: IntegrationId,
    { version, ...change }: Change,
    author: string,
  ): Promise<SavedIntegration> {
    requireVersionNumber(version);
    const current = await this.directory.get(tenantId, id);
    if (version !== undefined && version !== current.version) throw new VersionConflictError(id, version);
    if (switchesOffOnly(change))
      return this.saved(current, await this.directory.update(current, { enabled: false }, author), []);
    const keepsTls = Boolean(current.tls) && !('tls' in change);
    const checked = await this.checker.check(merged(current, change), { keepsTls });
    const { signing, newKeys, secretIds } = await this.signingKeys.settle(
      tenantId,
      checked.signing,
      current.signing ?? null,
    );
    const stored = await this.store(tenantId, checked, change);
    const before = current.statusCallback ?? null;
    const statusCallback = await this.directory.storeCallback(tenantId, checked.callbackUrl, before);
    const reason = checked.config.enabled ? { disabledReason: null } : {};
    try {
      const changed = { ...checked.config, ...stored, signing, statusCallback, ...reason };
      return await this.saved(current, await this.directory.update(current, changed, author), newKeys);
    } catch (error) {
      if (error instanceof VersionConflictError)
        await this.directory.forgetSecrets(tenantId, [
          ...secretIds,
          stored.auth?.secretId,
          stored.tls?.secretId,
          before ? null : statusCallback?.secretId,
        ]);
      throw error;
    }
  }

  private async saved(
    before: Integration | null,
    integration: Integration,
    newKeys: readonly NewSigningKey[],
  ): Promise<SavedIntegration> {
    const { tenantId, statusCallback } = integration;
    const isNew = statusCallback && !before?.statusCallback;
    const callbackSecret = isNew ? await this.vault.reveal(tenantId, statusCallback.secretId) : null;
    return { integration, newKeys, callbackSecret };
  }

  /** Only what the change holds: other credentials stay as they are. */
  private async store(
    tenantId: TenantId,
    { auth, tls }: CheckedIntegration,
    change: Change,
  ): Promise<StoredCredentials> {
    return {
      ...('auth' in change ? { auth: await this.directory.storeAuth(tenantId, auth) } : {}),
      ...('tls' in change ? { tls: await this.directory.storeTls(tenantId, tls) } : {}),
    };
  }
}

/** Switching off must work even where the integration would no longer pass the check, such as after its action is gone. */
const switchesOffOnly = (change: Change) => Object.keys(change).length === 1 && change['enabled'] === false;

function merged(current: Integration, change: Change): Change {
  const { actionId, name, vendor, enabled, endpoint, filter, mapping, attachments, successRule, timeoutMs } = current;
  const { retryPolicy, retry, retrySchedule, traffic, extracts, loggedBodyBytes, redaction = NO_REDACTION } = current;
  const schema: unknown = current.schemaJson ? JSON.parse(current.schemaJson) : null;
  const signing = current.signing ? { schemes: schemesOf(current.signing.keys) } : null;
  const statusCallback = current.statusCallback ? { url: current.statusCallback.url } : null;
  const kept = {
    statusCallback,
    signing,
    actionId,
    name,
    vendor,
    enabled,
    filter,
    mapping,
    schema,
    attachments,
    timeoutMs,
  };
  const before = { ...kept, retry, retrySchedule, extracts, loggedBodyBytes, redaction };
  const inner: Change = { endpoint, successRule, retryPolicy, traffic };
  const nested = MERGED_FIELDS.map((field) => [field, mergedField(inner[field], change[field])]);
  return { ...before, ...change, ...Object.fromEntries(nested) };
}

function mergedField(before: unknown, change: unknown): unknown {
  if (change === undefined) return before;
  return isRecord(before) && isRecord(change) ? { ...before, ...change } : change;
}

function requireVersionNumber(version: unknown): asserts version is number | undefined {
  if (version === undefined || Number.isInteger(version)) return;
  throw new RequestInvalidError([{ field: 'version', expected: 'must be a whole number', received: typeof version }]);
}
