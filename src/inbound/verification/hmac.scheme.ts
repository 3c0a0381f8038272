import { Equals, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { FieldFault } from '../../common/field-fault.js';
import { AUTH_NAME, AUTH_NAME_SAYS, AUTH_PREFIX, AUTH_PREFIX_SAYS } from '../../integrations/auth/auth-header.js';
import {
  HMAC_ALGORITHMS,
  HMAC_ENCODINGS,
  isKeyWritten,
  KEY_ENCODINGS,
  partsIn,
  TIMESTAMP_FORMATS,
} from '../../security/signatures/declared-hmac.scheme.js';
import { EchoInput, echoOf } from './echo.challenge.js';
import { hmacExample } from './hmac-example.js';
import { VERIFIABLE_PARTS, verifyByHmac } from './hmac-rules.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { DEFAULT_TOLERANCE_SECONDS, MAX_TOLERANCE_SECONDS } from './timestamp.js';
import { defineVerificationScheme } from './verification-scheme.js';

const FIELD = /^[\w-]{1,32}$/;
const fieldSays = (name: string) => ({ message: `${name} must be 1 to 32 letters, digits, _ or -` });

class HmacInput extends EchoInput {
  @Equals('hmac')
  kind!: 'hmac';

  @IsIn(HMAC_ALGORITHMS)
  algorithm: (typeof HMAC_ALGORITHMS)[number] = 'sha256';

  @IsIn(HMAC_ENCODINGS)
  encoding: (typeof HMAC_ENCODINGS)[number] = 'hex';

  /** The header with the signature. */
  @IsString()
  @Matches(AUTH_NAME, { message: `header ${AUTH_NAME_SAYS}` })
  header!: string;

  /** Stands before the signature, such as `sha256=`. */
  @IsString()
  @Matches(AUTH_PREFIX, { message: `prefix ${AUTH_PREFIX_SAYS}` })
  prefix = '';

  /** The name of the signatures where the header is a list such as `t=1614265330,v1=5257a8...`. */
  @IsOptional()
  @IsString()
  @Matches(FIELD, fieldSays('signatureField'))
  signatureField?: string;

  /**
   * What is signed: `{{method}}`, `{{path}}` (with its query), `{{url}}`, `{{timestamp}}`, `{{id}}`, `{{body}}`,
   * `{{bodySha256}}`.
   */
  @IsString()
  @Length(1, 1_024)
  template!: string;

  @IsOptional()
  @IsString()
  @Matches(AUTH_NAME, { message: `timestampHeader ${AUTH_NAME_SAYS}` })
  timestampHeader?: string;

  /** The name of the time in such a list, instead of a header of its own. */
  @IsOptional()
  @IsString()
  @Matches(FIELD, fieldSays('timestampField'))
  timestampField?: string;

  @IsIn(TIMESTAMP_FORMATS)
  timestampFormat: (typeof TIMESTAMP_FORMATS)[number] = 'seconds';

  @IsInt()
  @Min(1)
  @Max(MAX_TOLERANCE_SECONDS)
  toleranceSeconds = DEFAULT_TOLERANCE_SECONDS;

  @IsOptional()
  @IsString()
  @Matches(AUTH_NAME, { message: `idHeader ${AUTH_NAME_SAYS}` })
  idHeader?: string;

  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];

  /** How the secrets' bytes are written. */
  @IsIn(KEY_ENCODINGS)
  keyEncoding: (typeof KEY_ENCODINGS)[number] = 'utf8';
}

/** HMAC of the request by a scheme of the vendor's own, described by data. */
export const HMAC_SCHEME = defineVerificationScheme({
  kind: 'hmac',
  input: HmacInput,
  check: (input) => [...templateFaults(input), ...placeFaults(input), ...secretFaults(input)],
  split: ({ kind: _kind, secrets, ...settings }) => ({ settings: { ...settings }, secrets: { secrets } }),
  verify: (request, { settings, secrets: { secrets } }) => verifyByHmac(settings, request, secrets),
  challenge: (request, { settings }) => echoOf(settings, request),
  example: (settings, url) => hmacExample(settings, url),
});

const fault = (field: string, expected: string, received = 'string'): FieldFault => ({ field, expected, received });

function templateFaults({ template }: HmacInput): FieldFault[] {
  const parts = partsIn(template);
  if (parts.some((part) => !VERIFIABLE_PARTS.includes(part)) || parts.length !== template.split('{{').length - 1)
    return [
      fault(
        'template',
        `may hold ${VERIFIABLE_PARTS.map((part) => `{{${part}}}`).join(', ')} and nothing else in braces`,
      ),
    ];
  return parts.includes('body') || parts.includes('bodySha256')
    ? []
    : [fault('template', 'must hold {{body}} or {{bodySha256}}, or the body could be changed')];
}

/** What is signed has to be found, and what is found has to be signed, or it could be changed. */
function placeFaults(input: HmacInput): FieldFault[] {
  const { template, timestampHeader, timestampField, signatureField, idHeader } = input;
  const parts = partsIn(template);
  const [time, id] = [parts.includes('timestamp'), parts.includes('id')];
  const place = timestampField === undefined ? 'timestampHeader' : 'timestampField';
  const hasPlace = timestampHeader !== undefined || timestampField !== undefined;
  return [
    ...(time && !hasPlace ? [fault('timestampHeader', 'must be set where {{timestamp}} is signed', 'missing')] : []),
    ...(!time && hasPlace ? [fault(place, 'needs {{timestamp}} in the template, or the time could be changed')] : []),
    ...(id && idHeader === undefined ? [fault('idHeader', 'must be set where {{id}} is signed', 'missing')] : []),
    ...(!id && idHeader !== undefined
      ? [fault('idHeader', 'needs {{id}} in the template, or it could be changed')]
      : []),
    ...(timestampField !== undefined && signatureField === undefined
      ? [fault('signatureField', 'must be set where the time is in the same header', 'missing')]
      : []),
    ...(timestampField !== undefined && timestampHeader !== undefined
      ? [fault('timestampField', 'must not be set beside timestampHeader')]
      : []),
  ];
}

const secretFaults = ({ secrets, keyEncoding }: HmacInput): FieldFault[] =>
  secrets.every((secret) => isKeyWritten(secret, keyEncoding))
    ? []
    : [fault('secrets', `must each be ${keyEncoding}`, 'array')];
