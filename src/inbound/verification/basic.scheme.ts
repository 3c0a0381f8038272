import { Equals, IsString, Length, Matches } from 'class-validator';
import { EchoInput, echoOf } from './echo.challenge.js';
import { headerOf } from './raw-request.js';
import { isOneOf } from './same-credential.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { curlPost, quoted, SECRET_VARIABLE, shellStart } from './shell.js';
import { defineVerificationScheme, refused } from './verification-scheme.js';

class BasicInput extends EchoInput {
  @Equals('basic')
  kind!: 'basic';

  @IsString()
  @Length(1, 256)
  @Matches(/^[^:]*$/, { message: 'username must not contain a colon (RFC 7617, section 2)' })
  username!: string;

  /** The passwords. */
  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];
}

/** `Authorization: Basic base64(username:password)` in UTF-8 (RFC 7617). It covers nothing of the request. */
export const BASIC_SCHEME = defineVerificationScheme({
  kind: 'basic',
  input: BasicInput,
  split: ({ kind: _kind, secrets, ...settings }) => ({ settings: { ...settings }, secrets: { secrets } }),
  verify: (request, { settings: { username }, secrets: { secrets } }) => {
    const header = headerOf(request, 'authorization');
    if (header === null) return refused('header authorization is missing');
    const [, credentials] = /^Basic ([\w+/=-]+)$/i.exec(header) ?? [];
    if (credentials === undefined) return refused('header authorization must be Basic and base64');
    const good = secrets.map((password) => Buffer.from(`${username}:${password}`).toString('base64'));
    return isOneOf(credentials, good) ? { ok: true } : refused('username or password does not match');
  },
  challenge: (request, { settings }) => echoOf(settings, request),
  credentialPlaces: () => ({ headers: ['authorization'], query: [] }),
  example: ({ username }, url) => ({
    steps: [
      'Send username and password, joined by a colon and written as base64, in the header authorization, after Basic.',
    ],
    variables: [{ ...SECRET_VARIABLE, meaning: 'the password' }],
    commands: [...shellStart(url), curlPost([], `--user ${quoted(`${username}:`)}"$SECRET" "$URL"`)].join('\n'),
  }),
});
