import { Equals, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import type { FieldFault } from '../../common/field-fault.js';
import {
  declaredHmac,
  HMAC_ALGORITHMS,
  HMAC_ENCODINGS,
  isKeyWritten,
  KEY_ENCODINGS,
  partsIn,
  SIGNABLE_PARTS,
  TIMESTAMP_FORMATS,
  writtenTime,
} from '../../security/signatures/declared-hmac.scheme.js';
import { AUTH_NAME, AUTH_NAME_SAYS, AUTH_PREFIX, AUTH_PREFIX_SAYS, authHeaderFaults } from './auth-header.js';
import { defineAuthKind } from './auth-kind.js';

class HmacAuthInput {
  @Equals('hmac')
  kind!: 'hmac';

  @IsIn(HMAC_ALGORITHMS)
  algorithm: (typeof HMAC_ALGORITHMS)[number] = 'sha256';

  @IsIn(HMAC_ENCODINGS)
  encoding: (typeof HMAC_ENCODINGS)[number] = 'hex';

  @IsString()
  @Matches(AUTH_NAME, { message: `header ${AUTH_NAME_SAYS}` })
  header!: string;

  /** Stands before the signature, such as `sha256=`. */
  @IsString()
  @Matches(AUTH_PREFIX, { message: `prefix ${AUTH_PREFIX_SAYS}` })
  prefix = '';

  /** What is signed: `{{method}}`, `{{path}}` (with its query), `{{timestamp}}`, `{{body}}`, `{{bodySha256}}`, `{{id}}`. */
  @IsString()
  @Length(1, 1_024)
  template!: string;

  /** The header that tells the timestamp. */
  @IsOptional()
  @IsString()
  @Matches(AUTH_NAME, { message: `timestampHeader ${AUTH_NAME_SAYS}` })
  timestampHeader?: string;

  @IsIn(TIMESTAMP_FORMATS)
  timestampFormat: (typeof TIMESTAMP_FORMATS)[number] = 'seconds';

  @IsString()
  @Length(1, 4_096)
  key!: string;

  /** How the key's bytes are written. */
  @IsIn(KEY_ENCODINGS)
  keyEncoding: (typeof KEY_ENCODINGS)[number] = 'utf8';
}

/** HMAC of the request by a scheme that the vendor dictates. For one that the vendor leaves to us there is `signing`. */
export const HMAC_AUTH = defineAuthKind({
  kind: 'hmac',
  input: HmacAuthInput,
  check: (input) => [
    ...authHeaderFaults('header', input.header),
    ...authHeaderFaults('timestampHeader', input.timestampHeader),
    ...templateFaults(input),
    ...keyFaults(input),
  ],
  split: ({ kind: _kind, key, ...settings }) => ({ settings: { ...settings }, secret: key }),
  apply: ({ id, method, url, headers, body }, { settings, secret: key }) => {
    const sentAt = new Date();
    const message = { id, sentAt, method, target: `${url.pathname}${url.search}`, body: body ?? '' };
    const { header, timestampHeader } = settings;
    if (timestampHeader !== undefined) headers[timestampHeader.toLowerCase()] = writtenTime(settings, sentAt);
    headers[header.toLowerCase()] = declaredHmac(settings).sign(message, key);
    return [key];
  },
});

function templateFaults({ template, timestampHeader }: HmacAuthInput): FieldFault[] {
  const fault = (expected: string) => [{ field: 'template', expected, received: 'string' }];
  const parts = partsIn(template);
  const unknown = parts.filter((part) => !SIGNABLE_PARTS.includes(part));
  if (unknown.length > 0 || parts.length !== (template.match(/\{\{/g) ?? []).length)
    return fault(`may hold ${SIGNABLE_PARTS.map((part) => `{{${part}}}`).join(', ')} and nothing else in braces`);
  if (parts.length === 0) return fault('must hold a part of the request, such as {{body}}');
  if (!parts.includes('timestamp') || timestampHeader !== undefined) return [];
  const expected = 'must be set where {{timestamp}} is signed, or the vendor cannot verify it';
  return [{ field: 'timestampHeader', expected, received: 'missing' }];
}

const keyFaults = ({ key, keyEncoding }: HmacAuthInput): FieldFault[] =>
  isKeyWritten(key, keyEncoding) ? [] : [{ field: 'key', expected: `must be ${keyEncoding}`, received: 'string' }];
