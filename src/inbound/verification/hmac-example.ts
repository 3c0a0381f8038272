import type { HmacRules } from './hmac-rules.js';
import { curlPost, ENCODERS, inDoubleQuotes, quoted, SECRET_VARIABLE, shellHeader, shellStart } from './shell.js';
import type { WorkedExample } from './verification-scheme.js';

const PLACEHOLDER = /\{\{\s*(\w*)\s*\}\}/g;

const TIMES = {
  seconds: 'date +%s',
  milliseconds: 'date +%s000',
  iso: 'date -u +%Y-%m-%dT%H:%M:%SZ',
} as const;

/** How the bytes of `$SECRET` are handed to openssl. */
const KEYS = {
  utf8: '-hmac "$SECRET"',
  hex: '-mac HMAC -macopt hexkey:"$SECRET"',
  base64: '-mac HMAC -macopt hexkey:"$KEY_HEX"',
} as const;

/** The example of any scheme whose signature is an HMAC that rules describe. */
export function hmacExample(rules: HmacRules, url: string): WorkedExample {
  const { algorithm, encoding, keyEncoding, prefix, header } = rules;
  const signing = [
    ...assignments(rules),
    `SIGNATURE=$(printf '%s' ${signedWord(rules.template)} | openssl dgst -${algorithm} ${KEYS[keyEncoding]} -binary | ${ENCODERS[encoding]})`,
  ];
  return {
    steps: [
      ...stepsOf(rules),
      `Make the HMAC (${algorithm.toUpperCase().replace('SHA', 'SHA-')}) of it with the secret${keyEncoding === 'utf8' ? '' : `, whose bytes are written in ${keyEncoding}`}, and write it as ${encoding}.`,
      `Send it in the header ${header.toLowerCase()}${prefix === '' ? '' : `, after ${prefix}`}.`,
    ],
    variables: [SECRET_VARIABLE],
    commands: [...shellStart(url), ...signing, curlPost(headersOf(rules))].join('\n'),
  };
}

function stepsOf({ template, timestampHeader, timestampField, timestampFormat, header }: HmacRules): string[] {
  const place = timestampField === undefined ? timestampHeader : `${header}, as ${timestampField}=`;
  const time =
    place === undefined ? [] : [`Write the current time (${timestampFormat}) into the header ${place.toLowerCase()}.`];
  return [...time, `Put together what is signed: ${template}, where body is the very bytes that are sent.`];
}

const assignments = ({
  timestampHeader,
  timestampField,
  timestampFormat,
  idHeader,
  keyEncoding,
  template,
}: HmacRules) => [
  ...(timestampHeader === undefined && timestampField === undefined ? [] : [`TIMESTAMP=$(${TIMES[timestampFormat]})`]),
  ...(idHeader === undefined ? [] : ['ID=evt_$(openssl rand -hex 8)']),
  ...(keyEncoding === 'base64' ? [`KEY_HEX=$(printf '%s' "$SECRET" | openssl base64 -d -A | ${ENCODERS.hex})`] : []),
  ...(/\{\{\s*bodySha256/.test(template)
    ? [`BODY_SHA256=$(printf '%s' "$BODY" | openssl dgst -sha256 -binary | ${ENCODERS.hex})`]
    : []),
  ...(/\{\{\s*path/.test(template) ? [`TARGET=$(printf '%s' "$URL" | sed -E 's#^[a-zA-Z]+://[^/?]*##')`] : []),
];

function headersOf({ header, prefix, signatureField, timestampHeader, timestampField, idHeader }: HmacRules): string[] {
  const signature = `${inDoubleQuotes(prefix)}$SIGNATURE`;
  const fields = [
    ...(timestampField === undefined ? [] : [`${timestampField}=$TIMESTAMP`]),
    signatureField === undefined ? signature : `${signatureField}=${signature}`,
  ];
  return [
    ...(idHeader === undefined ? [] : [shellHeader(idHeader, '$ID')]),
    ...(timestampHeader === undefined ? [] : [shellHeader(timestampHeader, '$TIMESTAMP')]),
    shellHeader(header, fields.join(',')),
  ];
}

const WORDS: Readonly<Record<string, string>> = {
  method: 'POST',
  path: '"$TARGET"',
  url: '"$URL"',
  timestamp: '"$TIMESTAMP"',
  body: '"$BODY"',
  bodySha256: '"$BODY_SHA256"',
  id: '"$ID"',
};

/** The template as one word of a shell. */
const signedWord = (template: string) =>
  template
    .split(PLACEHOLDER)
    .map((piece, index) => (index % 2 === 1 ? (WORDS[piece] ?? '') : piece === '' ? '' : quoted(piece)))
    .join('');
