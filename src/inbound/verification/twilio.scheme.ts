import { Equals } from 'class-validator';
import { sha256Hex, templatedHmac } from '../../security/signatures/declared-hmac.scheme.js';
import { equalInConstantTime } from '../../security/signatures/equal-in-constant-time.js';
import { headerOf, queryOf, type RawRequest } from './raw-request.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { ENCODERS, quoted, SECRET_VARIABLE, shellHeader } from './shell.js';
import { defineVerificationScheme, refused, type Verified } from './verification-scheme.js';

class TwilioInput {
  @Equals('twilio')
  kind!: 'twilio';

  /** The account's auth tokens. */
  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];
}

const HEADER = 'x-twilio-signature';
const HMAC = {
  algorithm: 'sha1',
  encoding: 'base64',
  keyEncoding: 'utf8',
  prefix: '',
  template: '{{signed}}',
} as const;

/**
 * https://www.twilio.com/docs/usage/security: HMAC-SHA1 of the URL and the form's parameters, by name. Any other body is
 * covered by its hash in the URL, `bodySHA256`.
 */
export const TWILIO_SCHEME = defineVerificationScheme({
  kind: 'twilio',
  input: TwilioInput,
  split: ({ secrets }) => ({ settings: {}, secrets: { secrets } }),
  verify: (request, { secrets: { secrets } }) => verifyTwilio(request, secrets),
  example: (_settings, url) => ({
    steps: [
      'Put together what is signed: the whole URL as it is called, then the name and value of each parameter of the form, sorted by name, with nothing in between.',
      'Make the HMAC (SHA-1) of it with the auth token, write it as base64, send it in the header x-twilio-signature.',
      'For a body that is no form, put bodySHA256=<its SHA-256 in hex> into the query, and sign the URL alone.',
    ],
    variables: [SECRET_VARIABLE],
    commands: [
      `URL=${quoted(url)}`,
      `SIGNATURE=$(printf '%s' "$URL"BodyHelloFrom+14158675309 | openssl dgst -sha1 -hmac "$SECRET" -binary | ${ENCODERS.base64})`,
      `curl --include --header ${shellHeader(HEADER, '$SIGNATURE')} \\\n  --data-urlencode Body=Hello --data-urlencode From=+14158675309 "$URL"`,
    ].join('\n'),
  }),
});

function verifyTwilio(request: RawRequest, secrets: readonly string[]): Verified {
  const signature = headerOf(request, HEADER);
  if (signature === null) return refused(`header ${HEADER} is missing`);
  const covered = coveredByBody(request);
  if (!covered.ok) return refused(covered.reason);
  const expected = urlsOf(request).flatMap((url) =>
    secrets.map((secret) => templatedHmac(HMAC, () => `${url}${covered.text}`, secret)),
  );
  return expected.map((good) => equalInConstantTime(signature, good)).includes(true)
    ? { ok: true }
    : refused(
        `signature does not match: we received ${request.body.length} bytes; the URL must be signed as it was called, with its query`,
      );
}

type Covered = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** What of the body is signed after the URL. */
function coveredByBody(request: RawRequest): Covered {
  const hash = queryOf(request).get('bodySHA256');
  if (hash !== null)
    return equalInConstantTime(hash, sha256Hex(request.body))
      ? { ok: true, text: '' }
      : { ok: false, reason: `bodySHA256 does not match: we received ${request.body.length} bytes` };
  if (request.body.length === 0) return { ok: true, text: '' };
  if (!/^application\/x-www-form-urlencoded\b/i.test(headerOf(request, 'content-type') ?? ''))
    return { ok: false, reason: 'the body is no form, and the URL has no bodySHA256: nothing covers the body' };
  const text = request.body.toString('latin1');
  return isForm(text)
    ? { ok: true, text: parametersOf(new URLSearchParams(text)) }
    : { ok: false, reason: 'the body is no form in UTF-8' };
}

/** What is read out of it has to be all that was in it: bytes that are no UTF-8 all read the same. */
function isForm(text: string): boolean {
  try {
    decodeURIComponent(text);
    return /^[\x21-\x7e]*$/.test(text);
  } catch {
    return false;
  }
}

/** A name that comes several times has its values sorted, each once. */
const parametersOf = (form: URLSearchParams): string =>
  [...new Set(form.keys())]
    .toSorted(byCodeUnits)
    .flatMap((name) => [...new Set(form.getAll(name))].toSorted(byCodeUnits).map((value) => `${name}${value}`))
    .join('');

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Twilio signs the port of a URL in some of its products, and not in others. */
function urlsOf({ url }: RawRequest): string[] {
  const [, scheme, host, port, rest] = /^(https?):\/\/(\[[^\]/]*\]|[^/:?#]+)(:\d+)?(.*)$/s.exec(url) ?? [];
  if (scheme === undefined) return [url];
  const standard = scheme === 'https' ? ':443' : ':80';
  return [url, port === undefined ? `${scheme}://${host}${standard}${rest}` : `${scheme}://${host}${rest}`];
}
