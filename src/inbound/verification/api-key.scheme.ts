import { Equals, IsIn, IsString, Matches } from 'class-validator';
import { AUTH_NAME, AUTH_NAME_SAYS } from '../../integrations/auth/auth-header.js';
import { EchoInput, echoOf } from './echo.challenge.js';
import { headerOf, queryOf, type RawRequest } from './raw-request.js';
import { isOneOf } from './same-credential.js';
import { SecretList } from './secret-list.decorator.js';
import { curlPost, ENCODERS, SECRET_VARIABLE, shellHeader, shellStart } from './shell.js';
import { defineVerificationScheme, refused } from './verification-scheme.js';

class ApiKeyInput extends EchoInput {
  @Equals('api-key')
  kind!: 'api-key';

  /** Whether the key travels in a header or in the query. */
  @IsIn(['header', 'query'])
  in!: 'header' | 'query';

  @IsString()
  @Matches(AUTH_NAME, { message: `name ${AUTH_NAME_SAYS}` })
  name!: string;

  /** The keys. */
  @SecretList(/^[\x21-\x7e]+$/, 'printable ASCII characters without spaces')
  secrets!: string[];
}

type Place = Readonly<Pick<ApiKeyInput, 'in' | 'name'>>;

/** A fixed key in a header or a query parameter. It covers nothing of the request. */
export const API_KEY_SCHEME = defineVerificationScheme({
  kind: 'api-key',
  input: ApiKeyInput,
  split: ({ kind: _kind, secrets, ...settings }) => ({ settings: { ...settings }, secrets: { secrets } }),
  verify: (request, { settings, secrets: { secrets } }) => {
    const keys = keysIn(request, settings);
    const place = `${settings.in === 'query' ? 'query parameter' : 'header'} ${settings.name}`;
    if (keys.length !== 1) return refused(`${place} ${keys.length === 0 ? 'is missing' : 'comes several times'}`);
    return keys.some((key) => isOneOf(key, secrets)) ? { ok: true } : refused(`${place} does not match`);
  },
  challenge: (request, { settings }) => echoOf(settings, request),
  credentialPlaces: ({ in: place, name }) =>
    place === 'query' ? { headers: [], query: [name] } : { headers: [name.toLowerCase()], query: [] },
  example: (place, url) => ({
    steps: [`Send the key in the ${place.in === 'query' ? 'query parameter' : 'header'} ${place.name}.`],
    variables: [{ ...SECRET_VARIABLE, meaning: 'the key' }],
    commands: [...shellStart(url), ...sending(place, url)].join('\n'),
  }),
});

const keysIn = (request: RawRequest, { in: place, name }: Place): string[] =>
  place === 'query' ? queryOf(request).getAll(name) : [headerOf(request, name)].filter((key) => key !== null);

const sending = ({ in: place, name }: Place, url: string): string[] =>
  place === 'header'
    ? [curlPost([shellHeader(name, '$SECRET')])]
    : [
        `KEY=$(printf '%s' "$SECRET" | ${ENCODERS.hex} | sed 's/../%&/g')`,
        curlPost([], `"$URL${url.includes('?') ? '&' : '?'}${name}=$KEY"`),
      ];
