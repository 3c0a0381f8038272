import type { WebhookSchemeName } from '../../security/signatures/standard-webhooks.js';

/** A key that signs an integration's deliveries: what may be read back of it, and the reference to its secret. */
export interface StoredSigningKey {
  scheme: WebhookSchemeName;
  secretId: string;
  /** `null` where the receiver verifies by the secret itself. */
  publicKey: string | null;
  createdAt: Date;
  /** When it stops to sign, after a rotation; `null`: it is the current one of its scheme. */
  signsUntil: Date | null;
}

/** Standard Webhooks signatures on every delivery: one for each key that signs at the time. */
export interface Signing {
  keys: StoredSigningKey[];
}

/** A key that was just made; what its receiver verifies by is shown this once. */
export interface NewSigningKey {
  readonly scheme: WebhookSchemeName;
  /** `whsec_...`, a secret, or `whpk_...`, a public key. */
  readonly key: string;
}

/** What a person asks for. */
export interface WantedSigning {
  readonly schemes: readonly WebhookSchemeName[];
}

export const signsAt = ({ signsUntil }: StoredSigningKey, now: Date) => signsUntil === null || signsUntil > now;
