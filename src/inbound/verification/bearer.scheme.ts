import { Equals } from 'class-validator';
import { EchoInput, echoOf } from './echo.challenge.js';
import { headerOf } from './raw-request.js';
import { isOneOf } from './same-credential.js';
import { SecretList } from './secret-list.decorator.js';
import { curlPost, SECRET_VARIABLE, shellHeader, shellStart } from './shell.js';
import { defineVerificationScheme, refused } from './verification-scheme.js';

class BearerInput extends EchoInput {
  @Equals('bearer')
  kind!: 'bearer';

  /** The tokens. */
  @SecretList(/^[\w.~+/=-]+$/, 'letters, digits or -._~+/= (RFC 6750, section 2.1)')
  secrets!: string[];
}

/** `Authorization: Bearer <token>` (RFC 6750). It covers nothing of the request. */
export const BEARER_SCHEME = defineVerificationScheme({
  kind: 'bearer',
  input: BearerInput,
  split: ({ kind: _kind, secrets, ...settings }) => ({ settings: { ...settings }, secrets: { secrets } }),
  verify: (request, { secrets: { secrets } }) => {
    const header = headerOf(request, 'authorization');
    if (header === null) return refused('header authorization is missing');
    const [, token] = /^Bearer (\S+)$/i.exec(header) ?? [];
    if (token === undefined) return refused('header authorization must be Bearer and a token');
    return isOneOf(token, secrets) ? { ok: true } : refused('token does not match');
  },
  challenge: (request, { settings }) => echoOf(settings, request),
  credentialPlaces: () => ({ headers: ['authorization'], query: [] }),
  example: (_settings, url) => ({
    steps: ['Send the token in the header authorization, after Bearer.'],
    variables: [{ ...SECRET_VARIABLE, meaning: 'the token' }],
    commands: [...shellStart(url), curlPost([shellHeader('authorization', 'Bearer $SECRET')])].join('\n'),
  }),
});
