import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { WEBHOOK_SCHEMES, type WebhookSchemeName } from '../../security/signatures/standard-webhooks.js';
import { type NewSigningKey, type Signing, signsAt, type StoredSigningKey, type WantedSigning } from './signing.js';

export interface SettledSigning<S = Signing | null> {
  readonly signing: S;
  readonly newKeys: readonly NewSigningKey[];
  /** What was stored for the new keys: to be forgotten where the change is not made. */
  readonly secretIds: readonly string[];
}

/** Makes the keys that sign an integration's deliveries. Secrets go to the vault; what is shown is shown once. */
@Injectable()
export class SigningKeys {
  constructor(private readonly vault: SecretVault) {}

  /** Keeps the keys of the wanted schemes, makes those that are missing, and drops all others. */
  async settle(tenantId: TenantId, wanted: WantedSigning | null, current: Signing | null): Promise<SettledSigning> {
    if (!wanted) return { signing: null, newKeys: [], secretIds: [] };
    const now = new Date();
    const kept = (current?.keys ?? []).filter((key) => wanted.schemes.includes(key.scheme) && signsAt(key, now));
    const missing = wanted.schemes.filter(
      (scheme) => !kept.some((key) => key.scheme === scheme && key.signsUntil === null),
    );
    const made = await Promise.all(missing.map((scheme) => this.make(tenantId, scheme, now)));
    return settled(made, kept);
  }

  /** Makes a new key for each scheme; those before it sign until the overlap is over, none of them for longer than before. */
  async rotate(tenantId: TenantId, { keys }: Signing, overlapMs: number): Promise<SettledSigning<Signing>> {
    const now = new Date();
    const overlapEndsAt = new Date(now.getTime() + overlapMs);
    const ending = keys
      .map((key) => ({ ...key, signsUntil: earlier(key.signsUntil, overlapEndsAt) }))
      .filter((key) => signsAt(key, now));
    const schemes = [...new Set(keys.map(({ scheme }) => scheme))];
    const made = await Promise.all(schemes.map((scheme) => this.make(tenantId, scheme, now)));
    return settled(made, ending);
  }

  private async make(tenantId: TenantId, scheme: WebhookSchemeName, createdAt: Date): Promise<MadeKey> {
    const { secret, shared } = WEBHOOK_SCHEMES[scheme].newKey();
    const secretId = await this.vault.store(tenantId, secret);
    const publicKey = shared === secret ? null : shared;
    const stored: StoredSigningKey = { scheme, secretId, publicKey, createdAt, signsUntil: null };
    return { stored, shown: { scheme, key: shared } };
  }
}

interface MadeKey {
  readonly stored: StoredSigningKey;
  readonly shown: NewSigningKey;
}

const settled = (made: readonly MadeKey[], others: readonly StoredSigningKey[]): SettledSigning<Signing> => ({
  signing: { keys: [...made.map(({ stored }) => stored), ...others] },
  newKeys: made.map(({ shown }) => shown),
  secretIds: made.map(({ stored }) => stored.secretId),
});

const earlier = (a: Date | null, b: Date) => (a !== null && a < b ? a : b);
