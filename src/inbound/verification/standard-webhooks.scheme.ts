import { Equals, IsInt, Max, Min } from 'class-validator';
import type { FieldFault } from '../../common/field-fault.js';
import { isKeyWritten } from '../../security/signatures/declared-hmac.scheme.js';
import { equalInConstantTime } from '../../security/signatures/equal-in-constant-time.js';
import type { SignableMessage } from '../../security/signatures/signature-scheme.js';
import { WEBHOOK_SCHEMES } from '../../security/signatures/standard-webhooks.js';
import { mismatchReason } from './mismatch-reason.js';
import { headerOf, type RawRequest, targetOf } from './raw-request.js';
import { SecretList } from './secret-list.decorator.js';
import { curlPost, ENCODERS, SECRET_VARIABLE, shellHeader, shellStart } from './shell.js';
import { DEFAULT_TOLERANCE_SECONDS, MAX_TOLERANCE_SECONDS, readTimestamp } from './timestamp.js';
import { defineVerificationScheme, refused, type Verified, type WorkedExample } from './verification-scheme.js';

/** Signatures in one header: the keys of two rotations. Each asymmetric one costs a check of its own. */
const MAX_SIGNATURES = 10;

class StandardWebhooksInput {
  @Equals('standard-webhooks')
  kind!: 'standard-webhooks';

  /** `whsec_<base64>` for signatures `v1`, the sender's public key `whpk_<base64>` for `v1a`. */
  @SecretList(/^wh(sec|pk)_[A-Za-z0-9+/]+={0,2}$/, 'whsec_ or whpk_ and base64')
  secrets!: string[];

  @IsInt()
  @Min(1)
  @Max(MAX_TOLERANCE_SECONDS)
  toleranceSeconds = DEFAULT_TOLERANCE_SECONDS;
}

/** https://github.com/standard-webhooks/standard-webhooks, symmetric and asymmetric. */
export const STANDARD_WEBHOOKS_SCHEME = defineVerificationScheme({
  kind: 'standard-webhooks',
  input: StandardWebhooksInput,
  check: ({ secrets }) => secretFaults(secrets),
  split: ({ secrets, toleranceSeconds }) => ({
    settings: { toleranceSeconds, versions: [...new Set(secrets.map(versionOf))] },
    secrets: { secrets },
  }),
  verify: (request, { settings, secrets: { secrets } }) => verifyStandardWebhook(request, settings, secrets),
  example: ({ versions }, url) => (versions.includes('v1') ? symmetricExample(url) : asymmetricExample(url)),
});

const PUBLIC_PREFIX = 'whpk_';
const PUBLIC_KEY_BYTES = 32;

const isPublicKey = (secret: string) => secret.startsWith(PUBLIC_PREFIX);
const versionOf = (secret: string) => (isPublicKey(secret) ? 'v1a' : 'v1');
const base64Of = (secret: string) => secret.replace(/^wh(sec|pk)_/, '');

function secretFaults(secrets: readonly string[]): FieldFault[] {
  const isGood = (secret: string) =>
    isKeyWritten(base64Of(secret), 'base64') &&
    (!isPublicKey(secret) || Buffer.from(base64Of(secret), 'base64').length === PUBLIC_KEY_BYTES);
  return secrets.every(isGood)
    ? []
    : [{ field: 'secrets', expected: 'must each be whole base64, of 32 bytes after whpk_', received: 'array' }];
}

function verifyStandardWebhook(
  request: RawRequest,
  { toleranceSeconds }: { readonly toleranceSeconds: number },
  secrets: readonly string[],
): Verified {
  const [id, timestamp, header] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(request, name),
  );
  if (!id) return refused('header webhook-id is missing');
  if (!timestamp) return refused('header webhook-timestamp is missing');
  if (!header) return refused('header webhook-signature is missing');
  const time = readTimestamp(timestamp, { format: 'seconds', toleranceSeconds }, request.receivedAt);
  if (!time.ok) return refused(time.reason);
  const signatures = header.split(' ');
  if (signatures.length > MAX_SIGNATURES)
    return refused(`webhook-signature holds ${signatures.length} signatures, at most ${MAX_SIGNATURES} are read`);
  const versions = new Set(secrets.map(versionOf));
  if (!signatures.some((signature) => [...versions].some((version) => signature.startsWith(`${version},`))))
    return refused(`webhook-signature holds no signature that starts with ${[...versions].join(', or ')},`);
  const message = { id, sentAt: time.at, method: request.method, target: targetOf(request) };
  const fits = (body: Buffer) =>
    secrets.map((secret) => isSignedBy({ ...message, body }, secret, signatures)).includes(true);
  return fits(request.body)
    ? { ok: true, eventId: id }
    : refused(mismatchReason(request.body, ['id', 'timestamp', 'body'], fits));
}

/** One digest for each secret, however many signatures there are. */
function isSignedBy(message: SignableMessage, secret: string, signatures: readonly string[]): boolean {
  if (isPublicKey(secret))
    return signatures.some((sent) => isCanonical(sent) && WEBHOOK_SCHEMES.v1a.verify(message, secret, sent));
  const expected = WEBHOOK_SCHEMES.v1.sign(message, secret);
  return signatures.map((sent) => equalInConstantTime(sent, expected)).includes(true);
}

/** Node reads base64 that nobody would write, so one signature could be sent in many texts. */
function isCanonical(signature: string): boolean {
  const base64 = signature.slice('v1a,'.length);
  return Buffer.from(base64, 'base64').toString('base64') === base64;
}

const STEPS = [
  'Take an id of the event, the same on every try, and the current time in whole seconds since 1970.',
  'Put together what is signed: {{id}}.{{timestamp}}.{{body}}, where body is the very bytes that are sent.',
];
const LAST_STEP = 'Send them in the headers webhook-id, webhook-timestamp and webhook-signature.';
const ID_AND_TIME = ['ID=msg_$(openssl rand -hex 8)', 'TIMESTAMP=$(date +%s)'];

const post = (version: string) =>
  curlPost([
    shellHeader('webhook-id', '$ID'),
    shellHeader('webhook-timestamp', '$TIMESTAMP'),
    shellHeader('webhook-signature', `${version},$SIGNATURE`),
  ]);

const symmetricExample = (url: string): WorkedExample => ({
  steps: [
    ...STEPS,
    'Make the HMAC (SHA-256) of it by the bytes that the base64 after whsec_ holds, write it as base64, after v1 and a comma.',
    LAST_STEP,
  ],
  variables: [SECRET_VARIABLE],
  commands: [
    ...shellStart(url, ...ID_AND_TIME),
    `KEY_HEX=$(printf '%s' "\${SECRET#whsec_}" | openssl base64 -d -A | ${ENCODERS.hex})`,
    `SIGNATURE=$(printf '%s' "$ID.$TIMESTAMP.$BODY" | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$KEY_HEX" -binary | ${ENCODERS.base64})`,
    post('v1'),
  ].join('\n'),
});

const asymmetricExample = (url: string): WorkedExample => ({
  steps: [
    ...STEPS,
    'Sign it by your private key (Ed25519), write the signature as base64, after v1a and a comma.',
    LAST_STEP,
  ],
  variables: [{ name: 'PRIVATE_KEY', meaning: 'the file with your private key in PEM; its public key is set here' }],
  commands: [
    ...shellStart(url, ...ID_AND_TIME),
    'SIGNED=$(mktemp)',
    `printf '%s' "$ID.$TIMESTAMP.$BODY" > "$SIGNED"`,
    `SIGNATURE=$(openssl pkeyutl -sign -rawin -inkey "$PRIVATE_KEY" -in "$SIGNED" | ${ENCODERS.base64})`,
    post('v1a'),
    'rm "$SIGNED"',
  ].join('\n'),
});
