import * as oauth from 'oauth4webapi';
import type { IssuedToken } from '../../security/tokens/shared-tokens.js';
import type { TokenDesk } from './auth-kind.js';
import { type AssertionAlgorithm, importAssertionKey } from './oauth2-client-assertion.js';
import { TokenRequestError } from './token-request.error.js';
import { requireToken, requireTokenStatus } from './token-response.js';

/** RFC 6749, section 2.3.1, and OpenID Connect Core, section 9. */
export const CLIENT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
export type ClientAuthMethod = (typeof CLIENT_AUTH_METHODS)[number];

export interface ClientCredentialsSettings {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientAuth: ClientAuthMethod;
  readonly keyId?: string;
  readonly algorithm?: AssertionAlgorithm;
  readonly assertionAudience?: string;
  readonly scope?: string;
  readonly audience?: string;
}

/** Errors that say that this client may not have a token, as opposed to not this token (RFC 6749, section 5.2). */
const CLIENT_ERRORS = new Set(['invalid_client', 'unauthorized_client', 'invalid_grant', 'access_denied']);
const ERROR_STATUSES = new Set([400, 401, 403]);
const OAUTH_ERROR = /^[a-z_]{1,64}$/;

/** Asks a token endpoint (RFC 6749, section 4.4.2). @throws TokenRequestError */
export async function issueByClientCredentials(
  settings: ClientCredentialsSettings,
  secret: string,
  desk: Pick<TokenDesk, 'send'>,
): Promise<IssuedToken> {
  const { tokenUrl, clientId, assertionAudience = tokenUrl, scope, audience } = settings;
  const server = { issuer: assertionAudience, token_endpoint: tokenUrl };
  const client = { client_id: clientId };
  const parameters = { ...(scope === undefined ? {} : { scope }), ...(audience === undefined ? {} : { audience }) };
  const { host } = new URL(tokenUrl);
  const response = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    await CLIENT_AUTH[settings.clientAuth](secret, settings),
    parameters,
    {
      [oauth.customFetch]: (url, { headers, body }) => fetchThrough(desk, url, headers, String(body)),
      // Whether plain http is taken was decided when the address was saved.
      [oauth.allowInsecureRequests]: true,
    },
  );
  return readToken(host, response, (answer) => oauth.processClientCredentialsResponse(server, client, answer));
}

type MakeClientAuth = (
  secret: string,
  settings: ClientCredentialsSettings,
) => oauth.ClientAuth | Promise<oauth.ClientAuth>;

const CLIENT_AUTH: Readonly<Record<ClientAuthMethod, MakeClientAuth>> = {
  client_secret_basic: (secret) => oauth.ClientSecretBasic(secret),
  client_secret_post: (secret) => oauth.ClientSecretPost(secret),
  private_key_jwt: async (secret, { keyId, algorithm = 'RS256' }) => {
    const key = await importAssertionKey(secret, algorithm);
    return oauth.PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId });
  },
};

/**
 * The library wants a success to be 200 and JSON to be called JSON; servers that are less exact are taken at their word. What
 * is no success and cannot hold an error of OAuth is sorted out before.
 */
async function fetchThrough(
  desk: Pick<TokenDesk, 'send'>,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<Response> {
  const answer = await desk.send({ method: 'POST', url, headers, body });
  const { status } = answer;
  if (!ERROR_STATUSES.has(status)) requireTokenStatus(new URL(url).host, answer);
  return new Response(new Uint8Array(answer.body), {
    status: ERROR_STATUSES.has(status) ? status : 200,
    headers: { 'content-type': 'application/json' },
  });
}

async function readToken(
  host: string,
  response: Response,
  read: (response: Response) => Promise<oauth.TokenEndpointResponse>,
): Promise<IssuedToken> {
  const { status } = response;
  try {
    const { access_token: token, expires_in: lifetimeSeconds } = await read(response);
    const value = requireToken(host, token, 'access_token');
    return { value, lifetimeMs: lifetimeSeconds === undefined ? null : lifetimeSeconds * 1_000 };
  } catch (error) {
    if (error instanceof TokenRequestError) throw error;
    if (error instanceof oauth.ResponseBodyError) throw refusalOf(host, status, error.error);
    requireTokenStatus(host, { status, headers: {} });
    const expected = 'JSON with access_token and the token_type "Bearer" (RFC 6749, section 5.1)';
    throw new TokenRequestError('TOKEN_ANSWER_UNREADABLE', host, `its answer must be ${expected}`);
  }
}

function refusalOf(host: string, status: number, error: string): TokenRequestError {
  const named = OAUTH_ERROR.test(error) ? error : 'an error of its own';
  const isOfClient = CLIENT_ERRORS.has(error) || status === 401 || status === 403;
  return new TokenRequestError(
    isOfClient ? 'TOKEN_REFUSED' : 'TOKEN_REQUEST_REFUSED',
    host,
    `it answered ${status} (${named})`,
  );
}
