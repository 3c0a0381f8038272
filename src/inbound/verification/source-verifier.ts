import { Injectable } from '@nestjs/common';
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

/** Verifies requests by what their source says, with its secrets as they are now. */
@Injectable()
export class SourceVerifier {
  constructor(
    private readonly vault: SecretVault,
    private readonly keySets: KeySets,
  ) {}

  async verify(source: InboundSource, request: RawRequest): Promise<Verified> {
    const scheme = findVerificationScheme(source.verification.kind);
    // A process of a newer version may know it.
    if (!scheme)
      return { ok: false, unavailable: true, reason: `the kind "${source.verification.kind}" is not known here` };
    return scheme.verify(request, await this.credentialsOf(source), { keySets: this.keySets });
  }

  /** `null` where the request is no question whether the address is ours. */
  async challenge(source: InboundSource, request: RawRequest): Promise<ChallengeAnswer | null> {
    const scheme = findVerificationScheme(source.verification.kind);
    return scheme?.challenge(request, await this.credentialsOf(source)) ?? null;
  }

  private async credentialsOf({ tenantId, verification }: InboundSource): Promise<SplitVerification> {
    const { settings, secretId } = verification;
    const secrets: unknown = secretId === null ? {} : JSON.parse(await this.reveal(tenantId, secretId));
    return { settings, secrets: isRecord(secrets) ? secrets : {} };
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
