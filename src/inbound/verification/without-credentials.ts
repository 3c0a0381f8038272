import { REDACTED } from '../../common/redaction.js';
import { withoutHookSecret } from '../../http/hook-address.js';
import type { StoredVerification } from '../sources/inbound-source.js';
import type { RawRequest } from './raw-request.js';
import { credentialPlacesOf } from './verification-schemes.js';

/** The request without what would let anybody repeat it: the secret of its address, and what proves its sender. */
export function withoutCredentials(request: RawRequest, verification: StoredVerification): RawRequest {
  const { headers, query } = credentialPlacesOf(verification);
  const shown = Object.entries(request.headers).map(([name, value]) => [
    name,
    headers.includes(name) ? REDACTED : value,
  ]);
  return { ...request, url: urlWithout(query, withoutHookSecret(request.url)), headers: Object.fromEntries(shown) };
}

/** What is not hidden stays as it was written. */
function urlWithout(names: readonly string[], url: string): string {
  const [path = '', search] = url.split(/\?(.*)/s);
  if (search === undefined || names.length === 0) return url;
  const parameters = search.split('&').map((parameter) => {
    const [name] = new URLSearchParams(parameter).keys();
    return name !== undefined && names.includes(name) ? `${encodeURIComponent(name)}=${REDACTED}` : parameter;
  });
  return `${path}?${parameters.join('&')}`;
}
