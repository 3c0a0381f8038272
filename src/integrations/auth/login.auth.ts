import { Equals, IsIn, IsInt, IsObject, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { FieldFault } from '../../common/field-fault.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import { isSensitiveName } from '../../common/redaction.js';
import { WaybillError } from '../../common/waybill.error.js';
import { checkTemplate, renderTemplate } from '../template.js';
import { AUTH_NAME, AUTH_NAME_SAYS, AUTH_PREFIX, AUTH_PREFIX_SAYS, authHeaderFaults } from './auth-header.js';
import { defineAuthKind } from './auth-kind.js';
import { credentialsOf, issueByLogin } from './login-token.js';
import { tokenUrlFaults } from './token-url.js';

/** Names joined by dots. */
const PATH = /^[\w$-]{1,64}(\.[\w$-]{1,64}){0,9}$/;
const pathSays = (name: string) => ({ message: `${name} must be names joined by dots, such as data.token` });

const MAX_BODY_CHARS = 8_192;
const MAX_CREDENTIAL_CHARS = 4_096;

class LoginAuthInput {
  @Equals('login')
  kind!: 'login';

  /** Gets the login as a POST. */
  @IsString()
  @Length(1, 2_048)
  url!: string;

  @IsIn(['json', 'form'])
  format: 'json' | 'form' = 'json';

  /** What is posted; its texts may hold `{{name}}` of a credential. */
  @IsObject()
  body!: Record<string, unknown>;

  /** Names to values; they are written only. */
  @IsObject()
  credentials!: Record<string, string>;

  /** Where the token stands in the JSON that is answered: `data.token`. */
  @IsString()
  @Matches(PATH, pathSays('tokenPath'))
  tokenPath!: string;

  /** Where its life stands, in seconds. */
  @IsOptional()
  @IsString()
  @Matches(PATH, pathSays('expiresInPath'))
  expiresInPath?: string;

  /** Its life in seconds, where the answer does not say. Without either a token is renewed every five minutes. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  ttlSeconds?: number;

  @IsString()
  @Matches(AUTH_NAME, { message: `header ${AUTH_NAME_SAYS}` })
  header = 'authorization';

  /** Stands before the token, such as `Bearer ` with its blank. */
  @IsString()
  @Matches(AUTH_PREFIX, { message: `prefix ${AUTH_PREFIX_SAYS}` })
  prefix = '';
}

/** A vendor's own login: credentials are posted, a token comes back, and goes along in a header until it expires. */
export const LOGIN_AUTH = defineAuthKind({
  kind: 'login',
  input: LoginAuthInput,
  check: (input, context) => [
    ...tokenUrlFaults('url', input.url, context),
    ...authHeaderFaults('header', input.header),
    ...credentialFaults(input.credentials),
    ...bodyFaults(input),
  ],
  split: ({ kind: _kind, credentials, ...settings }) => ({
    settings: { ...settings },
    secret: JSON.stringify(credentials),
  }),
  apply: async ({ headers }, { settings, secret }, tokens) => {
    const token = await tokens.token(() => issueByLogin(settings, secret, tokens));
    headers[settings.header.toLowerCase()] = `${settings.prefix}${token}`;
    return [...Object.values(credentialsOf(secret)), token];
  },
});

function credentialFaults(credentials: Readonly<Record<string, unknown>>): FieldFault[] {
  const entries = Object.entries(credentials);
  if (entries.length === 0) return [{ field: 'credentials', expected: 'must hold one at least', received: 'object' }];
  return entries.flatMap(([name, value]) => {
    const field = `credentials.${name}`;
    if (!/^[A-Za-z_]\w{0,63}$/.test(name))
      return [{ field, expected: 'must be called by letters, digits and _', received: 'string' }];
    if (typeof value === 'string' && value !== '' && value.length <= MAX_CREDENTIAL_CHARS) return [];
    return [{ field, expected: `must be a text of 1 to ${MAX_CREDENTIAL_CHARS} characters`, received: kindOf(value) }];
  });
}

function bodyFaults({ body, credentials, format }: LoginAuthInput): FieldFault[] {
  if (JSON.stringify(body).length > MAX_BODY_CHARS)
    return [{ field: 'body', expected: `must have at most ${MAX_BODY_CHARS} characters as JSON`, received: 'object' }];
  return Object.entries(body).flatMap(([name, value]) => valueFaults(`body.${name}`, name, value, credentials, format));
}

function valueFaults(
  field: string,
  name: string,
  value: unknown,
  credentials: Readonly<Record<string, string>>,
  format: 'json' | 'form',
): FieldFault[] {
  if (typeof value === 'string') return textFaults(field, name, value, credentials);
  if (typeof value !== 'object' || value === null) return [];
  if (format === 'form') return [{ field, expected: 'must be a text in a form', received: kindOf(value) }];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(isRecord(value) ? value : {});
  return entries.flatMap(([key, inner]: [string | number, unknown]) =>
    valueFaults(`${field}.${key}`, typeof key === 'number' ? name : key, inner, credentials, format),
  );
}

function textFaults(
  field: string,
  name: string,
  text: string,
  credentials: Readonly<Record<string, string>>,
): FieldFault[] {
  if (isSensitiveName(name) && !text.includes('{{')) {
    const expected =
      'looks like a credential, which would be kept in clear; put it into credentials and write {{name}}';
    return [{ field, expected, received: 'string' }];
  }
  try {
    checkTemplate(field, text);
    renderTemplate(field, text, credentials, String);
    return [];
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error;
    return [{ field, expected: `must hold {{name}} of credentials only: ${error.message}`, received: 'string' }];
  }
}
