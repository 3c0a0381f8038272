import { isRecord } from '../../common/primitives.js';
import type { SealedSecret } from '../secrets/secret-cipher.js';

/** A token as it is kept, in Redis and in memory: the token itself is ciphertext. Times are milliseconds since 1970. */
export interface SealedToken {
  readonly sealed: SealedSecret;
  /** From then on whoever uses it gets a new one. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** Names a token without telling it: an initialisation vector is never used twice. */
export const receiptOf = ({ sealed }: SealedToken) => sealed.iv;

/** `null` where the text is of another version, or nobody's. */
export function parseSealedToken(text: string | null): SealedToken | null {
  const value = text === null ? null : parsed(text);
  if (!isRecord(value) || !isRecord(value['sealed'])) return null;
  const { renewAt, expiresAt } = value;
  const { keyId, iv, ciphertext, tag } = value['sealed'];
  if (typeof renewAt !== 'number' || typeof expiresAt !== 'number') return null;
  if (typeof keyId !== 'string' || typeof iv !== 'string') return null;
  if (typeof ciphertext !== 'string' || typeof tag !== 'string') return null;
  return { sealed: { keyId, iv, ciphertext, tag }, renewAt, expiresAt };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
