import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { AUTH_NAME, AUTH_NAME_SAYS, AUTH_PREFIX, AUTH_PREFIX_SAYS } from '../../integrations/auth/auth-header.js';
import { tokenUrlFaults } from '../../integrations/auth/token-url.js';
import { jwtExample } from './jwt-example.js';
import { JWT_ALGORITHMS, type JwtAlgorithm, verifyJwt } from './jwt-check.js';
import { MAX_TOLERANCE_SECONDS } from './timestamp.js';
import { defineVerificationScheme } from './verification-scheme.js';

const DEFAULT_CLOCK_TOLERANCE_SECONDS = 60;

class JwtInput {
  @Equals('jwt')
  kind!: 'jwt';

  /** Where the vendor publishes its public keys as a JSON Web Key Set (RFC 7517). */
  @IsString()
  @Length(1, 2_048)
  keySetUrl!: string;

  /** Asymmetric only: the keys are public. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(JWT_ALGORITHMS.length)
  @IsIn(JWT_ALGORITHMS, { each: true })
  algorithms: JwtAlgorithm[] = [...JWT_ALGORITHMS];

  @IsString()
  @Matches(AUTH_NAME, { message: `header ${AUTH_NAME_SAYS}` })
  header = 'authorization';

  /** Stands before the token, such as `Bearer ` with its blank. */
  @IsString()
  @Matches(AUTH_PREFIX, { message: `prefix ${AUTH_PREFIX_SAYS}` })
  prefix = 'Bearer ';

  /** What `iss` has to be. */
  @IsOptional()
  @IsString()
  @Length(1, 1_024)
  issuer?: string;

  /** What `aud` has to be or to hold. Without it a token that the vendor made for somebody else passes here. */
  @IsOptional()
  @IsString()
  @Length(1, 1_024)
  audience?: string;

  /** How far the vendor's clock may be off. */
  @IsInt()
  @Min(0)
  @Max(MAX_TOLERANCE_SECONDS)
  toleranceSeconds = DEFAULT_CLOCK_TOLERANCE_SECONDS;

  /** How old a token may be by its `iat`; without it tokens must have an `exp`. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TOLERANCE_SECONDS)
  maxAgeSeconds?: number;

  /** The claim with the body's SHA-256. Without it nothing covers the body. */
  @IsOptional()
  @IsString()
  @Matches(AUTH_NAME, { message: `bodyHashClaim ${AUTH_NAME_SAYS}` })
  bodyHashClaim?: string;

  @IsIn(['hex', 'base64', 'base64url'])
  bodyHashEncoding: 'hex' | 'base64' | 'base64url' = 'hex';
}

/** A JSON Web Token (RFC 7519) that the vendor signs by a key that it publishes. */
export const JWT_SCHEME = defineVerificationScheme({
  kind: 'jwt',
  input: JwtInput,
  check: ({ keySetUrl }, context) =>
    tokenUrlFaults('keySetUrl', keySetUrl, context, 'whoever answers there decides which tokens are good'),
  split: ({ kind: _kind, ...settings }) => ({ settings: { ...settings }, secrets: {} }),
  verify: (request, { settings }, { keySets }) => verifyJwt(settings, request, keySets),
  credentialPlaces: ({ header }) => ({ headers: [header.toLowerCase()], query: [] }),
  example: (settings, url) => jwtExample(settings, url),
});
