import { hash, randomBytes } from 'node:crypto';
import { asIntegrationId, type IntegrationId } from '../../common/ids.js';
import { equalInConstantTime } from '../../security/signatures/equal-in-constant-time.js';
import type { SourceToken } from './inbound-source.js';

const TOKEN_BYTES = 32;
const TOKEN_FORM = /^([0-9a-f]{32})\.([\w-]{43})$/;

export interface NewSourceToken {
  /** What stands in the address: shown once. It is found by its hash. */
  readonly text: string;
  readonly stored: SourceToken;
}

/** `<id without its prefix>.<secret>`: the id finds the source, the secret cannot be guessed. */
export function newSourceToken(id: IntegrationId, now: Date): NewSourceToken {
  const text = `${id.slice('src_'.length)}.${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  return { text, stored: { sha256: hash('sha256', text, 'hex'), createdAt: now, validUntil: null } };
}

/** Whose it says it is; `null` where it is no token. */
export function sourceIdIn(text: string): IntegrationId | null {
  const [, id] = TOKEN_FORM.exec(text) ?? [];
  return id === undefined ? null : asIntegrationId(`src_${id}`);
}

export function isTokenOf(text: string, tokens: readonly SourceToken[], now: Date): boolean {
  const given = hash('sha256', text, 'hex');
  return tokens.some(
    ({ sha256, validUntil }) => (validUntil === null || validUntil > now) && equalInConstantTime(sha256, given),
  );
}

/** Where the vendor calls, below the address of the installation. */
export const addressOf = (token: string) => `/hooks/${token}`;

/** Where the page for its developer is, likewise. */
export const pageAddressOf = (token: string) => `/source-pages/${token}`;
