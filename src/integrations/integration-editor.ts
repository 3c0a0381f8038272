import { Injectable } from '@nestjs/common';
import { isRecord } from '../common/primitives.js';
import type { IntegrationId, TenantId } from '../common/ids.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { IntegrationChecker } from './integration-checker.js';
import { IntegrationDirectory } from './integration-directory.js';
import type { Integration, StoredAuth } from './integration.js';
import { VersionConflictError } from './version-conflict.error.js';

/** Fields whose own fields can be changed one by one. */
const MERGED_FIELDS = ['endpoint', 'successRule', 'retryPolicy', 'traffic'] as const;

type Change = Readonly<Record<string, unknown>>;

/** A person's changes to integrations: the result is checked as a whole, whatever part of it was changed. */
@Injectable()
export class IntegrationEditor {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly checker: IntegrationChecker,
  ) {}

  /** @throws IntegrationInvalidError */
  async create(tenantId: TenantId, input: Change, author: string): Promise<Integration> {
    return this.directory.create(tenantId, await this.checker.check(input), author);
  }

  /** @throws IntegrationUnknownError, IntegrationInvalidError or VersionConflictError */
  async change(
    tenantId: TenantId,
    id: IntegrationId,
    { version, ...change }: Change,
    author: string,
  ): Promise<Integration> {
    requireVersionNumber(version);
    const current = await this.directory.get(tenantId, id);
    if (version !== undefined && version !== current.version) throw new VersionConflictError(id, version);
    if (switchesOffOnly(change)) return this.directory.update(current, { enabled: false }, author);
    const { config, auth } = await this.checker.check(merged(current, change));
    const storedAuth: { auth?: StoredAuth } =
      'auth' in change ? { auth: await this.directory.storeAuth(tenantId, auth) } : {};
    const reason = config.enabled ? { disabledReason: null } : {};
    try {
      return await this.directory.update(current, { ...config, ...storedAuth, ...reason }, author);
    } catch (error) {
      if (error instanceof VersionConflictError && storedAuth.auth)
        await this.directory.forgetAuth(tenantId, storedAuth.auth);
      throw error;
    }
  }
}

/** Switching off must work even where the integration would no longer pass the check, such as after its action is gone. */
const switchesOffOnly = (change: Change) => Object.keys(change).length === 1 && change['enabled'] === false;

function merged(current: Integration, change: Change): Change {
  const { actionId, name, vendor, enabled, endpoint, filter, mapping, attachments, successRule, timeoutMs } = current;
  const { retryPolicy, traffic, extracts, loggedBodyBytes } = current;
  const schema: unknown = current.schemaJson ? JSON.parse(current.schemaJson) : null;
  const kept = { actionId, name, vendor, enabled, filter, mapping, schema, attachments, timeoutMs };
  const before = { ...kept, extracts, loggedBodyBytes };
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
