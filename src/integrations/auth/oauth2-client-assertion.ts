import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, importPKCS8 } from 'jose';

/** How a client can sign its assertion (RFC 7518, section 3.1; RFC 8037). */
export const ASSERTION_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;
export type AssertionAlgorithm = (typeof ASSERTION_ALGORITHMS)[number];

const FITS: Readonly<Record<AssertionAlgorithm, (key: KeyObject) => boolean>> = {
  RS256: isRsa,
  PS256: isRsa,
  ES256: (key) => curveOf(key) === 'prime256v1',
  ES384: (key) => curveOf(key) === 'secp384r1',
  EdDSA: (key) => key.asymmetricKeyType === 'ed25519',
};

export const fitsAlgorithm = (key: KeyObject, algorithm: AssertionAlgorithm) => FITS[algorithm](key);

/** PKCS #1, SEC 1 and PKCS #8 all come out as what WebCrypto takes. */
export async function importAssertionKey(pem: string, algorithm: AssertionAlgorithm): Promise<CryptoKey> {
  const pkcs8 = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' });
  return importPKCS8(String(pkcs8), algorithm);
}

/** RFC 7518, section 3.3, wants 2048 bits at least. */
function isRsa({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048;
}

const curveOf = ({ asymmetricKeyDetails }: KeyObject) => asymmetricKeyDetails?.namedCurve;
