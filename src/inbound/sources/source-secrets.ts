import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { V1_SCHEME } from '../../security/signatures/v1.scheme.js';
import type { SplitVerification } from '../verification/verification-scheme.js';
import type { HandlingInput } from './handling-input.js';
import type { Handling, SourceToken, StoredVerification } from './inbound-source.js';
import type { NewSourceToken } from './source-token.js';

export type EnteredVerification = SplitVerification & { readonly kind: string };

export interface StoredHandling {
  readonly handling: Handling;
  /** What forwarded webhooks are signed with, where it was made now: shown this once. */
  readonly newSecret: string | null;
}

/** Puts what must not be read back of a source into the vault. */
@Injectable()
export class SourceSecrets {
  constructor(private readonly vault: SecretVault) {}

  /** One that is stored already stays as it is. */
  async storeVerification(
    tenantId: TenantId,
    verification: EnteredVerification | StoredVerification,
  ): Promise<StoredVerification> {
    if ('secretId' in verification) return verification;
    const { kind, settings, secrets } = verification;
    const hasSecrets = Object.keys(secrets).length > 0;
    const secretId = hasSecrets ? await this.vault.store(tenantId, JSON.stringify(secrets)) : null;
    return { kind, settings: { ...settings }, secretId };
  }

  /** A forward keeps its secret, also where its URL changes, for as long as there is one; else a secret is made. */
  async storeHandling(tenantId: TenantId, input: HandlingInput, before: Handling | null): Promise<StoredHandling> {
    if (input.kind !== 'forward') return { handling: input, newSecret: null };
    const { kind, url } = input;
    if (before?.kind === 'forward') return { handling: { kind, url, secretId: before.secretId }, newSecret: null };
    const { secret } = V1_SCHEME.newKey();
    return { handling: { kind, url, secretId: await this.vault.store(tenantId, secret) }, newSecret: secret };
  }

  /** The page for the vendor's developer shows the address. */
  async storeAddress(tenantId: TenantId, { text, stored }: NewSourceToken): Promise<SourceToken> {
    return { ...stored, secretId: await this.vault.store(tenantId, text) };
  }

  /** For what was stored for a version which then did not come about. */
  async forget(tenantId: TenantId, secretIds: readonly (string | null)[]): Promise<void> {
    await Promise.all(secretIds.flatMap((id) => (id === null ? [] : [this.vault.forget(tenantId, id)])));
  }
}
