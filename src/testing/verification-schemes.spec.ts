import { createHash, createHmac } from 'node:crypto';
import { API_KEY_SCHEME } from '../inbound/verification/api-key.scheme.js';
import { BASIC_SCHEME } from '../inbound/verification/basic.scheme.js';
import { BEARER_SCHEME } from '../inbound/verification/bearer.scheme.js';
import { JWT_SCHEME } from '../inbound/verification/jwt.scheme.js';
import { META_SCHEME } from '../inbound/verification/meta.scheme.js';
import { MTLS_SCHEME } from '../inbound/verification/mtls.scheme.js';
import { NO_VERIFICATION_SCHEME } from '../inbound/verification/none.scheme.js';
import { SHOPIFY_SCHEME } from '../inbound/verification/shopify.scheme.js';
import { SLACK_SCHEME } from '../inbound/verification/slack.scheme.js';
import { TWILIO_SCHEME } from '../inbound/verification/twilio.scheme.js';
import { GITHUB_SCHEME } from '../inbound/verification/github.scheme.js';
import { HMAC_SCHEME } from '../inbound/verification/hmac.scheme.js';
import type { RawRequest } from '../inbound/verification/raw-request.js';
import { withHeaders } from '../inbound/verification/raw-request.builders.js';
import { STANDARD_WEBHOOKS_SCHEME } from '../inbound/verification/standard-webhooks.scheme.js';
import { STRIPE_SCHEME } from '../inbound/verification/stripe.scheme.js';
import { VERIFICATION_KINDS } from '../inbound/verification/verification-schemes.js';
import { webhookHeaders, WEBHOOK_SCHEMES } from '../security/signatures/standard-webhooks.js';
import { aRawRequest, describeVerificationScheme } from './index.js';

const hmac = (algorithm: string, key: string | Buffer, ...parts: readonly (string | Buffer)[]) =>
  parts.reduce((made, part) => made.update(part), createHmac(algorithm, key));

const secondsOf = (request: RawRequest) => String(Math.floor(request.receivedAt.getTime() / 1_000));

const signedByStandard = (scheme: 'v1' | 'v1a', secret: string) => (request: RawRequest) =>
  withHeaders(
    request,
    webhookHeaders({ id: 'msg_1', sentAt: request.receivedAt, method: 'POST', target: '/', body: request.body }, [
      { scheme, secret },
    ]),
  );

const [FIRST, SECOND, PAIR] = [WEBHOOK_SCHEMES.v1.newKey(), WEBHOOK_SCHEMES.v1.newKey(), WEBHOOK_SCHEMES.v1a.newKey()];
const STANDARD_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
const GOLDEN_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SVIX_PUBLIC = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';

const standardVector = (signature: string) =>
  aRawRequest({
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': signature,
    },
    body: Buffer.from('{"test": 2432232314}'),
    receivedAt: new Date(1_614_265_330_000),
  });

describeVerificationScheme(STANDARD_WEBHOOKS_SCHEME, {
  examples: [
    {
      name: 'v1, in a rotation',
      input: { kind: 'standard-webhooks', secrets: [FIRST.shared, SECOND.shared, GOLDEN_SECRET] },
      secrets: [FIRST.shared, SECOND.shared, GOLDEN_SECRET],
      senders: [signedByStandard('v1', FIRST.secret), signedByStandard('v1', SECOND.secret)],
      covers: { body: true, headers: STANDARD_HEADERS },
      toleranceSeconds: 300,
      vectors: [
        // Of the reference implementations.
        standardVector('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='),
      ],
    },
    {
      name: 'v1a, beside v1',
      input: { kind: 'standard-webhooks', secrets: [PAIR.shared, FIRST.shared, SVIX_PUBLIC], toleranceSeconds: 60 },
      secrets: [FIRST.shared],
      senders: [signedByStandard('v1a', PAIR.secret), signedByStandard('v1', FIRST.secret)],
      covers: { body: true, headers: STANDARD_HEADERS },
      toleranceSeconds: 60,
      vectors: [
        // `test_asymmetric_key_signing` of Svix: https://github.com/svix/svix-webhooks, server/svix-server/src/worker.rs
        standardVector('v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=='),
      ],
    },
  ],
  refused: [
    { input: { kind: 'standard-webhooks', secrets: [] }, field: 'verification.secrets' },
    { input: { kind: 'standard-webhooks', secrets: ['whsec_'] }, field: 'verification.secrets' },
    { input: { kind: 'standard-webhooks', secrets: ['whpk_AAAA'] }, field: 'verification.secrets' },
    { input: { kind: 'standard-webhooks', secrets: [PAIR.secret] }, field: 'verification.secrets' },
    { input: { kind: 'standard-webhooks', secrets: Array(6).fill(FIRST.shared) }, field: 'verification.secrets' },
    {
      input: { kind: 'standard-webhooks', secrets: [FIRST.shared], toleranceSeconds: 0 },
      field: 'verification.toleranceSeconds',
    },
  ],
});

const signedByStripe = (secret: string) => (request: RawRequest) => {
  const time = secondsOf(request);
  const signature = hmac('sha256', secret, `${time}.`, request.body).digest('hex');
  return withHeaders(request, { 'stripe-signature': `t=${time},v1=${signature}` });
};

const STRIPE_EVENT =
  '{"id":"evt_123","object":"event","account":"acct_123","api_version":"2017-05-25","created":1533204620,"data":{"object":' +
  '{"id":"cus_123","object":"customer","created":123456789,"email":"test@stripe.com","livemode":false,"metadata":{}}},' +
  '"livemode":false,"pending_webhooks":1,"request":{"id":"req_123","idempotency_key":"idempotency-key-123"},' +
  '"type":"customer.created"}';

/** https://github.com/stripe/stripe-dotnet, src/StripeTests: EventUtilityTest.cs and event_test_signature.json. */
const STRIPE_VECTOR = aRawRequest({
  headers: {
    'stripe-signature':
      't=1533204620,v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7' +
      ',v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef',
  },
  body: Buffer.from(`${JSON.stringify(JSON.parse(STRIPE_EVENT), null, 2)}\n`),
  receivedAt: new Date(1_533_204_720_000),
});

describeVerificationScheme(STRIPE_SCHEME, {
  examples: [
    {
      name: 'two secrets',
      input: { kind: 'stripe', secrets: ['whsec_stripe_1', 'whsec_stripe_2', 'webhook_secret'] },
      secrets: ['whsec_stripe_1', 'whsec_stripe_2', 'webhook_secret'],
      senders: [signedByStripe('whsec_stripe_1'), signedByStripe('whsec_stripe_2')],
      covers: { body: true, headers: ['stripe-signature'] },
      toleranceSeconds: 300,
      vectors: [STRIPE_VECTOR],
    },
  ],
  refused: [{ input: { kind: 'stripe', secrets: 'whsec_1' }, field: 'verification.secrets' }],
});

const signedByGithub = (secret: string) => (request: RawRequest) =>
  withHeaders(request, { 'x-hub-signature-256': `sha256=${hmac('sha256', secret, request.body).digest('hex')}` });

const GITHUB_SECRET = "It's a Secret to Everybody";

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const GITHUB_VECTOR = aRawRequest({
  headers: { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
  body: Buffer.from('Hello, World!'),
});

describeVerificationScheme(GITHUB_SCHEME, {
  examples: [
    {
      name: 'two secrets',
      input: { kind: 'github', secrets: [GITHUB_SECRET, 'old secret'] },
      secrets: [GITHUB_SECRET, 'old secret'],
      senders: [signedByGithub(GITHUB_SECRET), signedByGithub('old secret')],
      covers: { body: true, headers: ['x-hub-signature-256'] },
      vectors: [GITHUB_VECTOR],
    },
  ],
  refused: [{ input: { kind: 'github' }, field: 'verification.secrets' }],
});

const body64 = (request: RawRequest) => request.body.toString('base64').replaceAll(/[+/=]/g, '');

const signedByShopify = (secret: string) => (request: RawRequest) =>
  withHeaders(request, { 'x-shopify-hmac-sha256': hmac('sha256', secret, request.body).digest('base64') });

describeVerificationScheme(SHOPIFY_SCHEME, {
  examples: [
    {
      name: 'two client secrets',
      input: { kind: 'shopify', secrets: ['shpss_1', 'Jefe', 'test-webhook-secret'] },
      secrets: ['shpss_1', 'Jefe', 'test-webhook-secret'],
      senders: [signedByShopify('shpss_1'), signedByShopify('Jefe')],
      covers: { body: true, headers: ['x-shopify-hmac-sha256'] },
      vectors: [
        // Shopify publishes none. RFC 4231, section 4.3 (test case 2), of which the form is that of Shopify.
        aRawRequest({
          headers: { 'x-shopify-hmac-sha256': 'W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=' },
          body: Buffer.from('what do ya want for nothing?'),
        }),
        // https://github.com/sqlpage/SQLPage, tests/sql_test_files/data/hmac_shopify_webhook.sql
        aRawRequest({
          headers: { 'x-shopify-hmac-sha256': 'QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw=' },
          body: Buffer.from('{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}'),
        }),
      ],
    },
  ],
  refused: [{ input: { kind: 'shopify', secrets: [''] }, field: 'verification.secrets' }],
});

const SLACK_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';

const signedBySlack = (secret: string) => (request: RawRequest) => {
  const time = secondsOf(request);
  const signature = hmac('sha256', secret, `v0:${time}:`, request.body).digest('hex');
  return withHeaders(request, { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${signature}` });
};

/** https://api.slack.com/authentication/verifying-requests-from-slack */
const SLACK_VECTOR = aRawRequest({
  headers: {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  },
  body: Buffer.from(
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
      '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
      '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
      '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  ),
  receivedAt: new Date(1_531_420_620_000),
});

describeVerificationScheme(SLACK_SCHEME, {
  examples: [
    {
      name: 'two signing secrets',
      input: { kind: 'slack', secrets: [SLACK_SECRET, 'old-signing-secret'] },
      secrets: [SLACK_SECRET, 'old-signing-secret'],
      senders: [signedBySlack(SLACK_SECRET), signedBySlack('old-signing-secret')],
      covers: { body: true, headers: ['x-slack-request-timestamp', 'x-slack-signature'] },
      toleranceSeconds: 300,
      vectors: [SLACK_VECTOR],
    },
  ],
  refused: [
    { input: { kind: 'slack', secrets: ['a'], toleranceSeconds: '5' }, field: 'verification.toleranceSeconds' },
  ],
});

const HMAC = { kind: 'hmac', header: 'X-Signature', template: '{{body}}', secrets: ['hmac-key-1'] };
const RFC_BODY = Buffer.from('what do ya want for nothing?');
const RFC_SIGNATURES = {
  sha1: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
  sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  sha384: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  sha512:
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
};
const KEY = Buffer.from('0102fffe10', 'hex');

describeVerificationScheme(HMAC_SCHEME, {
  examples: [
    {
      name: 'a list of fields, as Stripe writes it',
      input: {
        ...HMAC,
        algorithm: 'sha384',
        template: '{{timestamp}}.{{body}}',
        signatureField: 's',
        timestampField: 'at',
        timestampFormat: 'milliseconds',
        toleranceSeconds: 30,
      },
      secrets: ['hmac-key-1'],
      senders: [
        (request) => {
          const time = String(request.receivedAt.getTime());
          const signature = hmac('sha384', 'hmac-key-1', `${time}.`, request.body).digest('hex');
          return withHeaders(request, { 'x-signature': `at=${time}, s=${signature}` });
        },
      ],
      covers: { body: true, headers: ['x-signature'] },
      toleranceSeconds: 30,
    },
    {
      name: 'the whole request, by a key in base64',
      input: {
        ...HMAC,
        algorithm: 'sha512',
        encoding: 'base64url',
        prefix: 'v="1":',
        template: '{{method}}\n{{path}}\n{{url}}\n{{ timestamp }}\n{{id}}\n{{bodySha256}}',
        timestampHeader: 'X-Time',
        timestampFormat: 'iso',
        idHeader: 'X-Event',
        secrets: [KEY.toString('base64')],
        keyEncoding: 'base64',
      },
      secrets: [KEY.toString('base64')],
      senders: [
        (request) => {
          const time = '2026-01-02T04:04:05.1+01:00';
          const digest = createHash('sha256').update(request.body).digest('hex');
          const text = `POST\n/hooks/hk_1?lab=12\n${request.url}\n${time}\ne_1\n${digest}`;
          const signature = hmac('sha512', KEY, text).digest('base64url');
          return withHeaders(request, { 'x-time': time, 'x-event': 'e_1', 'x-signature': `v="1":${signature}==` });
        },
      ],
      covers: { body: true, headers: ['x-time', 'x-event'] },
    },
    {
      name: 'SHA-1 in base64, by a key in hex',
      input: { ...HMAC, algorithm: 'sha1', encoding: 'base64', secrets: ['0102FFFE10'], keyEncoding: 'hex' },
      secrets: ['0102FFFE10'],
      senders: [(request) => withHeaders(request, { 'x-signature': hmac('sha1', KEY, request.body).digest('base64') })],
      covers: { body: true, headers: ['x-signature'] },
    },
    ...Object.entries(RFC_SIGNATURES).map(([algorithm, signature]) => ({
      name: `${algorithm} of RFC 2202 and RFC 4231 (test case 2)`,
      input: { ...HMAC, algorithm, secrets: ['Jefe'] },
      secrets: ['Jefe'],
      senders: [],
      covers: { body: false, headers: [] },
      vectors: [aRawRequest({ headers: { 'x-signature': signature }, body: RFC_BODY })],
    })),
    {
      name: 'what Stripe does',
      input: {
        ...HMAC,
        ...{ header: 'Stripe-Signature', template: '{{timestamp}}.{{body}}', secrets: ['webhook_secret'] },
        ...{ signatureField: 'v1', timestampField: 't' },
      },
      secrets: ['webhook_secret'],
      senders: [],
      covers: { body: false, headers: [] },
      vectors: [STRIPE_VECTOR],
    },
    {
      name: 'what Slack does',
      input: {
        ...HMAC,
        ...{ header: 'X-Slack-Signature', prefix: 'v0=', template: 'v0:{{timestamp}}:{{body}}' },
        ...{ timestampHeader: 'X-Slack-Request-Timestamp', secrets: [SLACK_SECRET] },
      },
      secrets: [SLACK_SECRET],
      senders: [],
      covers: { body: false, headers: [] },
      vectors: [SLACK_VECTOR],
    },
  ],
  refused: [
    { input: { ...HMAC, algorithm: 'md5' }, field: 'verification.algorithm' },
    { input: { ...HMAC, encoding: 'binary' }, field: 'verification.encoding' },
    { input: { ...HMAC, template: '{{timestamp}}' }, field: 'verification.template' },
    { input: { ...HMAC, template: '{{body}}{{colour}}' }, field: 'verification.template' },
    { input: { ...HMAC, template: '{{body}} {{' }, field: 'verification.template' },
    { input: { ...HMAC, template: '{{timestamp}}.{{body}}' }, field: 'verification.timestampHeader' },
    { input: { ...HMAC, timestampHeader: 'X-Time' }, field: 'verification.timestampHeader' },
    { input: { ...HMAC, template: '{{id}}{{body}}' }, field: 'verification.idHeader' },
    { input: { ...HMAC, idHeader: 'X-Id' }, field: 'verification.idHeader' },
    {
      input: { ...HMAC, template: '{{timestamp}}{{body}}', timestampField: 't' },
      field: 'verification.signatureField',
    },
    { input: { ...HMAC, secrets: ['xyz'], keyEncoding: 'hex' }, field: 'verification.secrets' },
    { input: { ...HMAC, header: 'a b' }, field: 'verification.header' },
    { input: { ...HMAC, toleranceSeconds: 100_000 }, field: 'verification.toleranceSeconds' },
  ],
});

describeVerificationScheme(META_SCHEME, {
  examples: [
    {
      name: 'two app secrets',
      input: { kind: 'meta', secrets: ['app-secret', 'old-app-secret', GITHUB_SECRET], verifyToken: 'verify me!' },
      secrets: ['app-secret', 'old-app-secret', GITHUB_SECRET, 'verify me!'],
      senders: [signedByGithub('app-secret'), signedByGithub('old-app-secret')],
      covers: { body: true, headers: ['x-hub-signature-256'] },
      // Meta publishes none, and signs as GitHub does. That of its challenge is in `challenges.spec.ts`.
      vectors: [GITHUB_VECTOR],
    },
  ],
  refused: [{ input: { kind: 'meta', secrets: ['a'] }, field: 'verification.verifyToken' }],
});

const TWILIO_URL = 'https://mycompany.com/myapp.php?foo=1&bar=2';
const TWILIO_FORM = 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';
const TWILIO_JSON = '{"property": "value", "boolean": true}';
const TWILIO_HASH = '0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620';
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };

const twilioVector = (url: string, signature: string, body: string, headers: Record<string, string> = FORM_TYPE) =>
  aRawRequest({ url, headers: { ...headers, 'x-twilio-signature': signature }, body: Buffer.from(body) });

describeVerificationScheme(TWILIO_SCHEME, {
  examples: [
    {
      name: 'a form',
      input: { kind: 'twilio', secrets: ['12345', 'old-auth-token'] },
      secrets: ['12345', 'old-auth-token'],
      senders: ['12345', 'old-auth-token'].map((secret) => (request) => {
        const text = body64(request);
        const signature = hmac('sha1', secret, `${request.url}Body${text}From+1 415`).digest('base64');
        return twilioVector(request.url, signature, `From=%2b1%20415&Body=${text}`);
      }),
      covers: { body: false, headers: ['x-twilio-signature'] },
      vectors: [
        // https://www.twilio.com/docs/usage/security, and the tests of Twilio's own libraries.
        twilioVector(TWILIO_URL, 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', TWILIO_FORM),
        twilioVector(TWILIO_URL.replace('.com', '.com:443'), 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', TWILIO_FORM),
        twilioVector(
          TWILIO_URL,
          'IK+Dwps556ElfBT0I3Rgjkr1wJU=',
          'Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234',
        ),
      ],
    },
    {
      name: 'any other body, by its hash in the URL',
      input: { kind: 'twilio', secrets: ['12345'] },
      secrets: ['12345'],
      senders: [
        (request) => {
          const url = `${request.url}&bodySHA256=${createHash('sha256').update(request.body).digest('hex')}`;
          return withHeaders(
            { ...request, url },
            { 'x-twilio-signature': hmac('sha1', '12345', url).digest('base64') },
          );
        },
      ],
      covers: { body: true, headers: ['x-twilio-signature'] },
      vectors: [
        twilioVector(`${TWILIO_URL}&bodySHA256=${TWILIO_HASH}`, 'a9nBmqA0ju/hNViExpshrM61xv4=', TWILIO_JSON, {
          'content-type': 'application/json',
        }),
      ],
    },
  ],
  refused: [{ input: { kind: 'twilio' }, field: 'verification.secrets' }],
});

it('no scheme is without its suite', () => {
  const described = [
    ...[STANDARD_WEBHOOKS_SCHEME, STRIPE_SCHEME, GITHUB_SCHEME, SHOPIFY_SCHEME, SLACK_SCHEME, META_SCHEME],
    ...[TWILIO_SCHEME, HMAC_SCHEME, BASIC_SCHEME, BEARER_SCHEME, API_KEY_SCHEME, JWT_SCHEME, MTLS_SCHEME],
    NO_VERIFICATION_SCHEME,
  ];
  expect(described.map(({ kind }) => kind).toSorted()).toEqual(VERIFICATION_KINDS.toSorted());
});
