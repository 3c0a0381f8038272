import { createHash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { equalInConstantTime } from '../../security/signatures/equal-in-constant-time.js';
import { KeySetAwayError } from './key-set-away.error.js';
import { headerOf, type RawRequest } from './raw-request.js';
import { refused, type VerificationDesk, type Verified } from './verification-scheme.js';

export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

export interface JwtRules {
  readonly keySetUrl: string;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly header: string;
  readonly prefix: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly toleranceSeconds: number;
  readonly maxAgeSeconds?: number;
  readonly bodyHashClaim?: string;
  readonly bodyHashEncoding: 'hex' | 'base64' | 'base64url';
}

export async function verifyJwt(
  rules: JwtRules,
  request: RawRequest,
  keySets: VerificationDesk['keySets'],
): Promise<Verified> {
  const header = headerOf(request, rules.header);
  if (header === null) return refused(`header ${rules.header.toLowerCase()} is missing`);
  // The name of an authentication scheme is in any case (RFC 9110, section 11.1).
  if (!header.toLowerCase().startsWith(rules.prefix.toLowerCase()))
    return refused(`the token in ${rules.header.toLowerCase()} must stand after "${rules.prefix}"`);
  const token = header.slice(rules.prefix.length);
  if (!isWritten(token)) return refused('the token is no JWT: three parts of base64url, joined by dots');
  try {
    const { payload } = await jwtVerify(token, keySets.of(rules.keySetUrl), optionsOf(rules, request));
    return verdictOn(payload, rules, request);
  } catch (error) {
    return refusalOf(error, rules);
  }
}

/** A signature that could be written in two ways would be one that can be changed. */
function isWritten(token: string): boolean {
  const [, , signature = '', ...more] = token.split('.');
  return more.length === 0 && Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

const optionsOf = (rules: JwtRules, { receivedAt }: RawRequest) => ({
  algorithms: [...rules.algorithms],
  clockTolerance: rules.toleranceSeconds,
  currentDate: receivedAt,
  requiredClaims: [rules.maxAgeSeconds === undefined ? 'exp' : 'iat'],
  ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
  ...(rules.audience === undefined ? {} : { audience: rules.audience }),
  ...(rules.maxAgeSeconds === undefined ? {} : { maxTokenAge: rules.maxAgeSeconds }),
});

function verdictOn(payload: JWTPayload, { bodyHashClaim, bodyHashEncoding }: JwtRules, { body }: RawRequest): Verified {
  if (bodyHashClaim !== undefined) {
    const claimed = payload[bodyHashClaim];
    if (typeof claimed !== 'string') return refused(`claim ${bodyHashClaim} is missing`);
    if (!equalInConstantTime(claimed, createHash('sha256').update(body).digest(bodyHashEncoding)))
      return refused(
        `claim ${bodyHashClaim} is not the body's SHA-256 in ${bodyHashEncoding}: we received ${body.length} bytes`,
      );
    // Of a token that vouches for this body alone; another one may come with many.
    if (typeof payload.jti === 'string' && payload.jti !== '') return { ok: true, eventId: payload.jti };
  }
  return { ok: true };
}

/** Errors of jose are told by their class; what else is thrown comes of a key that cannot be used. */
function refusalOf(error: unknown, rules: JwtRules): Verified {
  if (error instanceof KeySetAwayError) return { ok: false, reason: error.message, unavailable: true };
  if (error instanceof errors.JWKSInvalid || error instanceof errors.JWKSTimeout)
    return { ok: false, reason: 'the key set cannot be read', unavailable: true };
  if (error instanceof errors.JWTExpired) return refused(expiryReason(error.claim, rules));
  if (error instanceof errors.JWTClaimValidationFailed) return refused(claimReason(error, rules));
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused('the signature of the token does not match');
  if (error instanceof errors.JWKSNoMatchingKey)
    return refused('the key set holds no key of the kid and alg of the token');
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return refused('several keys of the set fit the token: it must name its kid');
  if (error instanceof errors.JOSEAlgNotAllowed) return refused(`alg must be one of ${rules.algorithms.join(', ')}`);
  if (error instanceof errors.JOSEError) return refused('the token is no JWT that can be read');
  return refused('the key that the token names cannot be used');
}

const expiryReason = (claim: string, { maxAgeSeconds, toleranceSeconds }: JwtRules) =>
  claim === 'iat'
    ? `the token has expired: by its iat it is older than ${maxAgeSeconds} seconds, and ${toleranceSeconds} more`
    : `the token has expired more than ${toleranceSeconds} seconds ago`;

function claimReason({ claim, reason }: errors.JWTClaimValidationFailed, { issuer, audience }: JwtRules): string {
  if (reason === 'missing') return `claim ${claim} is missing`;
  if (reason === 'invalid') return `claim ${claim} is of no form that can be read`;
  if (claim === 'iss') return `claim iss must be ${issuer}`;
  if (claim === 'aud') return `claim aud must be or hold ${audience}`;
  return `claim ${claim} lies in the future`;
}
