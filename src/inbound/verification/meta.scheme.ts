import { Equals, IsString, Length } from 'class-validator';
import { echo } from './echo.challenge.js';
import { hmacExample } from './hmac-example.js';
import { PLAIN_HMAC } from './hmac-preset.js';
import { verifyByHmac } from './hmac-rules.js';
import { queryOf, type RawRequest } from './raw-request.js';
import { isOneOf } from './same-credential.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { defineVerificationScheme, refused } from './verification-scheme.js';

class MetaInput {
  @Equals('meta')
  kind!: 'meta';

  /** The app's secrets. */
  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];

  /** What is entered at Meta as verify token. */
  @IsString()
  @Length(1, 1_024)
  verifyToken!: string;
}

const RULES = { ...PLAIN_HMAC, header: 'x-hub-signature-256', prefix: 'sha256=' } as const;

/** Facebook, Instagram, WhatsApp: https://developers.facebook.com/docs/graph-api/webhooks/getting-started. */
export const META_SCHEME = defineVerificationScheme({
  kind: 'meta',
  input: MetaInput,
  split: ({ secrets, verifyToken }) => ({ settings: {}, secrets: { secrets, verifyToken } }),
  verify: (request, { secrets: { secrets, verifyToken } }) =>
    isSubscription(request) && !isOneOf(tokenOf(request), [verifyToken])
      ? refused('hub.verify_token does not match')
      : verifyByHmac(RULES, request, secrets),
  challenge: (request, { secrets: { verifyToken } }) =>
    isSubscription(request) && isOneOf(tokenOf(request), [verifyToken])
      ? echo(queryOf(request).get('hub.challenge'))
      : null,
  credentialPlaces: () => ({ headers: [], query: ['hub.verify_token'] }),
  example: (_settings, url) => hmacExample(RULES, url),
});

const isSubscription = (request: RawRequest) =>
  request.method === 'GET' && queryOf(request).get('hub.mode') === 'subscribe';

const tokenOf = (request: RawRequest) => queryOf(request).get('hub.verify_token') ?? '';
