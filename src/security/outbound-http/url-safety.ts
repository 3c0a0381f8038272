import { isIP } from 'node:net';
import { AddressGuard } from './address-guard.js';
import { UrlRefusedError } from './url-refused.error.js';

/** Stands for a placeholder while the URL is parsed: plain in every part of a URL, and in no real one. */
const STAND_IN = 'waybillplaceholder';

/**
 * Checks an endpoint's URL when it is saved: absolute, http or https, no user-info, no literal address that is refused.
 * `{{path}}` placeholders may stand in its path and query, never before them. What a host name resolves to is checked at
 * each call.
 * @throws UrlRefusedError
 */
export function checkEndpointUrl(text: string, allowCidrs: readonly string[]): void {
  const url = parse(text.replace(/\{\{[^{}]*\}\}/g, STAND_IN));
  const { protocol, username, password, host, hash } = url;
  if (`${protocol}${username}${password}${host}`.includes(STAND_IN)) {
    throw invalid(
      'The URL has a placeholder in its scheme or host',
      'Write the scheme and host out; placeholders may stand in the path and query.',
    );
  }
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw invalid(`The URL has the scheme ${protocol.slice(0, -1)}`, 'Use http or https.');
  }
  if (username !== '' || password !== '') {
    throw invalid(
      'The URL holds a user name or password',
      'Move the credentials to the auth settings of the integration.',
    );
  }
  if (hash !== '') throw invalid('The URL has a fragment, which is never sent', 'Remove the # and what follows it.');
  requireAllowed(url, new AddressGuard(allowCidrs));
}

function parse(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw invalid('The URL cannot be read', 'Write an absolute URL such as https://vendor.example/hook.');
}

function requireAllowed({ hostname }: URL, guard: AddressGuard): void {
  const name = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const address = name === 'localhost' || name.endsWith('.localhost') ? '127.0.0.1' : name;
  if (isIP(address) === 0 || guard.allows(address)) return;
  throw new UrlRefusedError(
    'ADDRESS_REFUSED',
    `The address ${name} is private or reserved and must not be called`,
    'Use a public host, or have the operator add the range to network.allowCidrs.',
  );
}

const invalid = (message: string, remedy: string) => new UrlRefusedError('URL_INVALID', message, remedy);
