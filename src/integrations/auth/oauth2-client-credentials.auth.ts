import { createPrivateKey } from 'node:crypto';
import { Equals, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import type { FieldFault } from '../../common/field-fault.js';
import { defineAuthKind } from './auth-kind.js';
import { CLIENT_AUTH_METHODS, type ClientAuthMethod, issueByClientCredentials } from './oauth2-token.js';
import { ASSERTION_ALGORITHMS, type AssertionAlgorithm, fitsAlgorithm } from './oauth2-client-assertion.js';
import { tokenUrlFaults } from './token-url.js';

/** VSCHAR: visible ASCII and blanks (RFC 6749, appendix A). */
const VISIBLE = /^[\x20-\x7e]*$/;
const visible = (name: string) => ({ message: `${name} must be printable ASCII (RFC 6749, appendix A)` });

class OAuth2ClientCredentialsInput {
  @Equals('oauth2-client-credentials')
  kind!: 'oauth2-client-credentials';

  @IsString()
  @Length(1, 2_048)
  tokenUrl!: string;

  @IsString()
  @Length(1, 512)
  @Matches(VISIBLE, visible('clientId'))
  clientId!: string;

  @IsIn(CLIENT_AUTH_METHODS)
  clientAuth: ClientAuthMethod = 'client_secret_basic';

  /** For `client_secret_basic` and `client_secret_post`. */
  @IsOptional()
  @IsString()
  @Length(1, 4_096)
  @Matches(VISIBLE, visible('clientSecret'))
  clientSecret?: string;

  /** For `private_key_jwt`: PEM. */
  @IsOptional()
  @IsString()
  @Length(1, 16_384)
  privateKey?: string;

  /** For `private_key_jwt`: the `kid` of the assertion's header. */
  @IsOptional()
  @IsString()
  @Length(1, 256)
  keyId?: string;

  /** For `private_key_jwt`. */
  @IsOptional()
  @IsIn(ASSERTION_ALGORITHMS)
  algorithm?: AssertionAlgorithm;

  /** For `private_key_jwt`: the assertion's `aud`; by default the token URL (RFC 7523, section 3). */
  @IsOptional()
  @IsString()
  @Length(1, 2_048)
  assertionAudience?: string;

  @IsOptional()
  @IsString()
  @Length(1, 2_048)
  @Matches(VISIBLE, visible('scope'))
  scope?: string;

  /** Sent as `audience`, as some authorization servers want it beside or instead of a scope. */
  @IsOptional()
  @IsString()
  @Length(1, 2_048)
  audience?: string;
}

/**
 * OAuth 2.0 client credentials (RFC 6749, section 4.4): a token from the vendor's token endpoint, sent as
 * `Authorization: Bearer`. The client authenticates by its secret or by a signed assertion (RFC 7523).
 */
export const OAUTH2_CLIENT_CREDENTIALS_AUTH = defineAuthKind({
  kind: 'oauth2-client-credentials',
  input: OAuth2ClientCredentialsInput,
  check: (input, context) => [...tokenUrlFaults('tokenUrl', input.tokenUrl, context), ...secretFaults(input)],
  split: ({ kind: _kind, clientSecret, privateKey, ...settings }) => ({
    settings: { ...settings },
    secret: clientSecret ?? privateKey ?? null,
  }),
  apply: async ({ headers }, { settings, secret }, tokens) => {
    const token = await tokens.token(() => issueByClientCredentials(settings, secret, tokens));
    headers['authorization'] = `Bearer ${token}`;
    return [secret, token];
  },
});

function secretFaults({ clientAuth, clientSecret, privateKey, algorithm }: OAuth2ClientCredentialsInput): FieldFault[] {
  const isSigned = clientAuth === 'private_key_jwt';
  const [needed, other] = isSigned ? ['privateKey', 'clientSecret'] : ['clientSecret', 'privateKey'];
  const given = { clientSecret, privateKey };
  const faults: FieldFault[] = Object.entries(given).flatMap(([field, value]) => {
    if (field === needed && value === undefined)
      return [{ field, expected: `must be set for ${clientAuth}`, received: 'missing' }];
    if (field === other && value !== undefined)
      return [{ field, expected: `must not be set for ${clientAuth}`, received: 'string' }];
    return [];
  });
  return isSigned && privateKey !== undefined ? [...faults, ...keyFaults(privateKey, algorithm)] : faults;
}

function keyFaults(privateKey: string, algorithm: AssertionAlgorithm | undefined): FieldFault[] {
  try {
    if (fitsAlgorithm(createPrivateKey(privateKey), algorithm ?? 'RS256')) return [];
    return [{ field: 'privateKey', expected: `must be a key for ${algorithm ?? 'RS256'}`, received: 'another key' }];
  } catch {
    return [{ field: 'privateKey', expected: 'must be a private key in PEM without a passphrase', received: 'string' }];
  }
}
