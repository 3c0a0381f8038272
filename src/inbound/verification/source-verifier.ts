import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { bounded } from '../../common/bounded.js';
import type { TenantId } from '../../common/ids.js';
import { OperationTimeoutError } from '../../common/operation-timeout.error.js';
import { isRecord } from '../../common/primitives.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { isDatabaseUnavailable } from '../../storage/mongo-errors.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceUnknownNowError } from '../sources/source-unknown-now.error.js';
import { KeySets } from './key-sets.js';
import type { RawRequest } from './raw-request.js';
import type { ChallengeAnswer, SplitVerification, Verified } from './verification-scheme.js';
import { findVerificationScheme } from './verification-schemes.js';

/** A secret that was read once is at hand; a caller waits no longer for another. */
const SECRET_TIMEOUT_MS = 3_000;
/** What is decrypted is kept no longer, so that a source under load has its secret decrypted once a second. */
const DECRYPTED_MS = 1_000;
const MAX_DECRYPTED = 1_000;

/** Verifies requests by what their source says, with its secrets as they are now. */
@Injectable()
export class SourceVerifier {
  private readonly decrypted = new LRUCache<string, SplitVerification['secrets']>({
    max: MAX_DECRYPTED,
    ttl: DECRYPTED_MS,
    ttlAutopurge: true,
  });

  constructor(
    private readonly vault: SecretVault,
    private readonly keySets: KeySets,
  ) {}

  /** What a request is to its source: a question whether the address is ours, or a webhook that it sent, or nothing it sent. */
  async judge(source: InboundSource, request: RawRequest): Promise<Verified | { readonly challenge: ChallengeAnswer }> {
    const scheme = findVerificationScheme(source.verification.kind);
    // A process of a newer version may know it.
    if (!scheme)
      return { ok: false, unavailable: true, reason: `the kind "${source.verification.kind}" is not known here` };
    const credentials = await this.credentialsOf(source);
    const challenge = scheme.challenge(request, credentials);
    return challenge ? { challenge } : scheme.verify(request, credentials, { keySets: this.keySets });
  }

  private async credentialsOf({ tenantId, verification }: InboundSource): Promise<SplitVerification> {
    const { settings, secretId } = verification;
    if (secretId === null) return { settings, secrets: {} };
    const known = this.decrypted.get(secretId);
    if (known) return { settings, secrets: known };
    const revealed: unknown = JSON.parse(await this.reveal(tenantId, secretId));
    const secrets = isRecord(revealed) ? revealed : {};
    this.decrypted.set(secretId, secrets);
    return { settings, secrets };
  }

  private async reveal(tenantId: TenantId, secretId: string): Promise<string> {
    try {
      return await bounded(this.vault.reveal(tenantId, secretId), SECRET_TIMEOUT_MS, 'Reading the secret of a source');
    } catch (error) {
      if (error instanceof OperationTimeoutError || isDatabaseUnavailable(error))
        throw new SourceUnknownNowError(error);
      throw error;
    }
  }
}
