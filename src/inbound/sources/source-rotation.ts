import { Injectable } from '@nestjs/common';
import type { IntegrationId, TenantId } from '../../common/ids.js';
import type { InboundSource } from './inbound-source.js';
import { SourceAddressesTooManyError } from './source-addresses-too-many.error.js';
import { SourceDirectory } from './source-directory.js';
import { SourceSecrets } from './source-secrets.js';
import { newSourceToken } from './source-token.js';

const MAX_ADDRESSES = 3;

export interface RotatedToken {
  readonly source: InboundSource;
  /** Nobody can ask for it again. */
  readonly token: string;
}

/** Gives a source other addresses: of its own while its vendor still calls the old one, and of the page for its vendor. */
@Injectable()
export class SourceRotation {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly secrets: SourceSecrets,
  ) {}

  /**
   * The addresses before are taken until the overlap is over, none of them for longer than before.
   * @throws SourceUnknownError, SourceAddressesTooManyError or SourceVersionConflictError
   */
  async rotateAddress(tenantId: TenantId, id: IntegrationId, overlapMs: number, author: string): Promise<RotatedToken> {
    const current = await this.directory.get(tenantId, id);
    const now = new Date();
    const overlapEndsAt = new Date(now.getTime() + overlapMs);
    const ending = current.tokens
      .map((token) => ({ ...token, validUntil: earlier(token.validUntil, overlapEndsAt) }))
      .filter(({ validUntil }) => validUntil > now);
    if (ending.length >= MAX_ADDRESSES) throw new SourceAddressesTooManyError(id, MAX_ADDRESSES);
    const token = newSourceToken(id, now);
    const tokens = [await this.secrets.storeAddress(tenantId, token), ...ending];
    return { source: await this.directory.update(current, { tokens }, author), token: token.text };
  }

  /** The token before is good for nothing any more. @throws SourceUnknownError or SourceVersionConflictError */
  async rotatePage(tenantId: TenantId, id: IntegrationId, author: string): Promise<RotatedToken> {
    const current = await this.directory.get(tenantId, id);
    const { stored, text } = newSourceToken(id, new Date());
    return { source: await this.directory.update(current, { pageToken: stored }, author), token: text };
  }
}

const earlier = (a: Date | null, b: Date) => (a !== null && a < b ? a : b);
