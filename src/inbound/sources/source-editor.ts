import { Injectable } from '@nestjs/common';
import { type IntegrationId, newSourceId, type TenantId } from '../../common/ids.js';
import { isRecord } from '../../common/primitives.js';
import { RequestInvalidError } from '../../http/request-invalid.error.js';
import type { InboundSource } from './inbound-source.js';
import { SourceChecker } from './source-checker.js';
import { SourceDirectory } from './source-directory.js';
import { SourceSecrets } from './source-secrets.js';
import { newSourceToken } from './source-token.js';
import { SourceVersionConflictError } from './source-version-conflict.error.js';

/** Fields whose own fields can be changed one by one. */
const MERGED_FIELDS = ['retryPolicy', 'traffic'] as const;

type Change = Readonly<Record<string, unknown>>;

export interface SavedSource {
  readonly source: InboundSource;
  /** What forwarded webhooks are signed with, where it was made now; nobody can ask for it again. */
  readonly forwardSecret: string | null;
}

export interface CreatedSource extends SavedSource {
  /** The secrets of its address and of its page; nobody can ask for them again. */
  readonly token: string;
  readonly pageToken: string;
}

/** A person's changes to sources: the result is checked as a whole, whatever part of it was changed. */
@Injectable()
export class SourceEditor {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly checker: SourceChecker,
    private readonly secrets: SourceSecrets,
  ) {}

  /** @throws SourceInvalidError */
  async create(tenantId: TenantId, input: Change, author: string): Promise<CreatedSource> {
    const { config, verification, handling: wanted } = await this.checker.check(input, null);
    const _id = newSourceId();
    const now = new Date();
    const [token, pageToken] = [newSourceToken(_id, now), newSourceToken(_id, now)];
    const { handling, newSecret } = await this.secrets.storeHandling(tenantId, wanted, null);
    const source: InboundSource = {
      _id,
      tenantId,
      ...config,
      verification: await this.secrets.storeVerification(tenantId, verification),
      handling,
      tokens: [await this.secrets.storeAddress(tenantId, token)],
      pageToken: pageToken.stored,
      disabledReason: null,
      pause: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
      updatedBy: author,
    };
    await this.directory.create(source);
    return { source, forwardSecret: newSecret, token: token.text, pageToken: pageToken.text };
  }

  /** @throws SourceUnknownError, SourceInvalidError or SourceVersionConflictError */
  async change(
    tenantId: TenantId,
    id: IntegrationId,
    { version, ...change }: Change,
    author: string,
  ): Promise<SavedSource> {
    requireVersionNumber(version);
    const current = await this.directory.get(tenantId, id);
    if (version !== undefined && version !== current.version) throw new SourceVersionConflictError(id, version);
    if (switchesOffOnly(change))
      return { source: await this.directory.update(current, { enabled: false }, author), forwardSecret: null };
    const keepsVerification = !('verification' in change);
    const checked = await this.checker.check(merged(current, change), keepsVerification ? current.verification : null);
    const verification = await this.secrets.storeVerification(tenantId, checked.verification);
    const { handling, newSecret } = await this.secrets.storeHandling(tenantId, checked.handling, current.handling);
    const reason = checked.config.enabled ? { disabledReason: null } : {};
    try {
      const changed = { ...checked.config, verification, handling, ...reason };
      return { source: await this.directory.update(current, changed, author), forwardSecret: newSecret };
    } catch (error) {
      if (error instanceof SourceVersionConflictError)
        await this.secrets.forget(tenantId, [
          keepsVerification ? null : verification.secretId,
          newSecret !== null && handling.kind === 'forward' ? handling.secretId : null,
        ]);
      throw error;
    }
  }
}

/** Switching off must work even where the source would no longer pass the check, such as after its action is gone. */
const switchesOffOnly = (change: Change) => Object.keys(change).length === 1 && change['enabled'] === false;

function merged(current: InboundSource, change: Change): Change {
  const { name, vendor, enabled, eventType, eventId, dedupeWindowMs, mode, answerWithinMs, timeoutMs, maxBytes } =
    current;
  const { context, rate, allowCidrs, bulk, keepsRefusedBodies, retryPolicy, traffic, answers } = current;
  const schema: unknown = current.schemaJson === null ? null : JSON.parse(current.schemaJson);
  const before = {
    ...{ name, vendor, enabled, eventType, eventId, dedupeWindowMs, mode, answerWithinMs, timeoutMs, maxBytes },
    ...{ context, rate, allowCidrs, bulk, keepsRefusedBodies, answers, schema, handling: enteredHandlingOf(current) },
  };
  const inner: Change = { retryPolicy, traffic };
  const nested = MERGED_FIELDS.map((field) => [field, mergedField(inner[field], change[field])]);
  return { ...before, ...change, ...Object.fromEntries(nested) };
}

/** As a person would enter it. */
function enteredHandlingOf({ handling }: InboundSource): object {
  if (handling.kind !== 'forward') return handling;
  const { kind, url } = handling;
  return { kind, url };
}

function mergedField(before: unknown, change: unknown): unknown {
  if (change === undefined) return before;
  return isRecord(before) && isRecord(change) ? { ...before, ...change } : change;
}

function requireVersionNumber(version: unknown): asserts version is number | undefined {
  if (version === undefined || Number.isInteger(version)) return;
  throw new RequestInvalidError([{ field: 'version', expected: 'must be a whole number', received: typeof version }]);
}
