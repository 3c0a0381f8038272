import { Injectable } from '@nestjs/common';
import type { IntegrationId, TenantId } from '../../common/ids.js';
import { IntegrationDirectory } from '../integration-directory.js';
import { VersionConflictError } from '../version-conflict.error.js';
import type { NewSigningKey, Signing } from './signing.js';
import { SigningKeys } from './signing-keys.js';
import { SigningRefusedError } from './signing-refused.error.js';

/** Each of them is a signature in the header of every delivery. */
const MAX_KEYS = 8;

/** Gives an integration new signing keys while its receivers still know the old ones. */
@Injectable()
export class SigningRotation {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly keys: SigningKeys,
  ) {}

  /** @throws IntegrationUnknownError, SigningRefusedError or VersionConflictError */
  async rotate(
    tenantId: TenantId,
    id: IntegrationId,
    overlapMs: number,
    author: string,
  ): Promise<{ signing: Signing; newKeys: readonly NewSigningKey[] }> {
    const current = await this.directory.get(tenantId, id);
    if (!current.signing) throw new SigningRefusedError('SIGNING_OFF', id, 'its deliveries are not signed');
    const { signing, newKeys, secretIds } = await this.keys.rotate(tenantId, current.signing, overlapMs);
    try {
      requireFew(id, signing);
      await this.directory.update(current, { signing }, author);
      return { signing, newKeys };
    } catch (error) {
      if (error instanceof VersionConflictError || error instanceof SigningRefusedError)
        await this.directory.forgetSecrets(tenantId, secretIds);
      throw error;
    }
  }
}

function requireFew(id: IntegrationId, { keys }: Signing): void {
  if (keys.length <= MAX_KEYS) return;
  throw new SigningRefusedError('SIGNING_KEYS_TOO_MANY', id, `${keys.length} keys would sign, at most ${MAX_KEYS} may`);
}
