import type { JwtAlgorithm, JwtRules } from './jwt-check.js';
import { curlPost, ENCODERS, inDoubleQuotes, quoted, shellHeader, shellStart } from './shell.js';
import type { WorkedExample } from './verification-scheme.js';

const SIGNED_FILE = '"$SIGNED"';

const digestOf = (algorithm: string) => `openssl dgst -sha${algorithm.slice(2)}`;

/** DER holds two integers of any length; JWS wants each in as many bytes as the curve has (RFC 7518, section 3.4). */
const HALF_DIGITS: Readonly<Record<string, number>> = { ES256: 64, ES384: 96, ES512: 132 };

const fixedLength = (digits: number) =>
  `openssl asn1parse -inform DER | awk -F: '/INTEGER/ { v = $NF; while (length(v) < ${digits}) v = "0" v; printf "%s", v }' | xxd -r -p`;

function signer(algorithm: JwtAlgorithm): string {
  if (algorithm === 'EdDSA') return `openssl pkeyutl -sign -rawin -inkey "$PRIVATE_KEY" -in ${SIGNED_FILE}`;
  const simple = `${digestOf(algorithm)} -sign "$PRIVATE_KEY"`;
  if (algorithm.startsWith('PS'))
    return `${simple} -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 ${SIGNED_FILE}`;
  const digits = HALF_DIGITS[algorithm];
  return digits === undefined ? `${simple} ${SIGNED_FILE}` : `${simple} ${SIGNED_FILE} | ${fixedLength(digits)}`;
}

/** A token by the first of the algorithms that are taken. */
export function jwtExample(rules: JwtRules, url: string): WorkedExample {
  const { algorithms, header, prefix, bodyHashClaim, bodyHashEncoding } = rules;
  const [algorithm = 'RS256'] = algorithms;
  return {
    steps: [
      `Make a JWT by your private key (${algorithms.join(', ')}), whose public key is published under its kid at ${rules.keySetUrl}.`,
      ...(bodyHashClaim === undefined
        ? []
        : [
            `Put the SHA-256 of the very bytes that are sent, in ${bodyHashEncoding}, into its claim ${bodyHashClaim}.`,
          ]),
      `Send it in the header ${header.toLowerCase()}${prefix === '' ? '' : `, after ${prefix.trim()}`}.`,
    ],
    variables: [
      { name: 'PRIVATE_KEY', meaning: `the file with your private key for ${algorithm} in PEM` },
      { name: 'KEY_ID', meaning: 'the kid of its public key' },
    ],
    commands: [
      ...shellStart(url),
      'NOW=$(date +%s)',
      ...(bodyHashClaim === undefined
        ? []
        : [`HASH=$(printf '%s' "$BODY" | openssl dgst -sha256 -binary | ${ENCODERS[bodyHashEncoding]})`]),
      `HEADER='{"alg":"${algorithm}","typ":"JWT","kid":"'"$KEY_ID"'"}'`,
      `CLAIMS=${claims(rules)}`,
      'SIGNED=$(mktemp)',
      `printf '%s.%s' "$(printf '%s' "$HEADER" | ${ENCODERS.base64url})" "$(printf '%s' "$CLAIMS" | ${ENCODERS.base64url})" > "$SIGNED"`,
      `TOKEN=$(cat "$SIGNED").$(${signer(algorithm)} | ${ENCODERS.base64url})`,
      'rm "$SIGNED"',
      curlPost([shellHeader(header, `${inDoubleQuotes(prefix)}$TOKEN`)]),
    ].join('\n'),
  };
}

/** As one word of a shell. */
function claims({ issuer, audience, bodyHashClaim }: JwtRules): string {
  const fixed = [
    ...(issuer === undefined ? [] : [`"iss":${JSON.stringify(issuer)}`]),
    ...(audience === undefined ? [] : [`"aud":${JSON.stringify(audience)}`]),
  ];
  const start = `{${fixed.map((claim) => `${claim},`).join('')}"iat":`;
  const hash = bodyHashClaim === undefined ? '' : `',"${bodyHashClaim}":"'"$HASH"'"'`;
  return `${quoted(start)}"$NOW"',"exp":'"$((NOW + 60))"',"jti":"'"evt_$(openssl rand -hex 8)"'"'${hash}'}'`;
}
