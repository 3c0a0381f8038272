import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { declaredHmac, type HmacDeclaration } from '../security/signatures/declared-hmac.scheme.js';
import type { SignableMessage } from '../security/signatures/signature-scheme.js';
import { SigningKeyInvalidError } from '../security/signatures/signing-key-invalid.error.js';
import {
  WEBHOOK_SCHEME_NAMES,
  WEBHOOK_SCHEMES,
  type WebhookSchemeName,
  webhookHeaders,
} from '../security/signatures/standard-webhooks.js';
import { describeSignatureScheme, type SignatureVector } from './index.js';

/** From the reference implementations of Standard Webhooks. */
const GOLDEN: SignatureVector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  message: {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    sentAt: new Date(1_614_265_330_000),
    method: 'POST',
    target: '/',
    body: '{"test": 2432232314}',
  },
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

/** The key of RFC 8032, section 7.1, test 1; `openssl pkeyutl -sign -rawin` made the signature. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const BY_OPENSSL: SignatureVector = {
  secret: `whsk_${Buffer.from(SEED + PUBLIC_KEY, 'hex').toString('base64')}`,
  message: {
    id: 'msg_1',
    sentAt: new Date('2026-01-02T03:04:05Z'),
    method: 'POST',
    target: '/',
    body: '{}',
  },
  signature: 'v1a,M1fU/YyO/Ab23UtLuBgeHP/bJraVMnbJ3ORvSR9gVoQLcSg53S+K9hS0r6FwP3kiMclHyEm9uHd+G1X/D6T3Ag==',
};

/** `test_asymmetric_key_signing` of Svix: https://github.com/svix/svix-webhooks, server/svix-server/src/worker.rs */
const BY_SVIX: SignatureVector = {
  secret: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  message: GOLDEN.message,
  signature: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
};

const VECTORS = { v1: [GOLDEN], v1a: [BY_OPENSSL, BY_SVIX] } satisfies Record<
  WebhookSchemeName,
  readonly SignatureVector[]
>;

const message = (part: Partial<SignableMessage>): SignableMessage => ({ ...GOLDEN.message, ...part });

describe.each(WEBHOOK_SCHEME_NAMES)('Standard Webhooks', (name) => {
  const scheme = WEBHOOK_SCHEMES[name];

  describeSignatureScheme(name, {
    scheme,
    newKey: scheme.newKey,
    covers: ['id', 'sentAt', 'body'],
    vectors: VECTORS[name],
  });

  it(`refuses a key of another form for ${name}, and does not say it`, () => {
    const wrong = 'whsec_';
    expect(() => scheme.sign(GOLDEN.message, wrong)).toThrow(SigningKeyInvalidError);
  });

  it(`starts its keys and signatures with what they are (${name})`, () => {
    const { secret, shared } = scheme.newKey();
    expect([secret, shared]).toEqual([
      expect.stringMatching(name === 'v1' ? /^whsec_/ : /^whsk_/),
      expect.stringMatching(name === 'v1' ? /^whsec_/ : /^whpk_/),
    ]);
    expect(scheme.sign(GOLDEN.message, secret)).toMatch(new RegExp(`^${name},`));
  });
});

describe('the headers of a signed call', () => {
  it('are verified by the library of Standard Webhooks, whatever the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w-]{1,40}$/), fc.string({ unit: 'grapheme', minLength: 1 }), (id, body) => {
        const { secret } = WEBHOOK_SCHEMES.v1.newKey();
        const headers = webhookHeaders(message({ id, body, sentAt: new Date() }), [{ scheme: 'v1', secret }]);
        expect(() => new Webhook(secret).verify(body, headers, { jsonParse: false })).not.toThrow();
      }),
    );
  });

  it('hold a signature of each key: whoever knows one of them can verify the call', () => {
    const old = WEBHOOK_SCHEMES.v1.newKey();
    const current = WEBHOOK_SCHEMES.v1.newKey();
    const asymmetric = WEBHOOK_SCHEMES.v1a.newKey();
    const signed = message({ body: '{}', sentAt: new Date() });
    const headers = webhookHeaders(signed, [
      { scheme: 'v1', secret: current.secret },
      { scheme: 'v1', secret: old.secret },
      { scheme: 'v1a', secret: asymmetric.secret },
    ]);
    for (const { secret } of [old, current]) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
    expect(() => new Webhook(WEBHOOK_SCHEMES.v1.newKey().secret).verify('{}', headers)).toThrow(
      'No matching signature',
    );
    const [third = ''] = headers['webhook-signature']?.split(' ').slice(2) ?? [];
    expect(WEBHOOK_SCHEMES.v1a.verify(signed, asymmetric.shared, third)).toBe(true);
  });

  it('change with any byte of the body', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, by) => {
          const changed = Buffer.from(bytes);
          const place = at % changed.length;
          changed[place] = (changed[place] ?? 0) ^ by;
          const { secret, shared } = WEBHOOK_SCHEMES.v1a.newKey();
          const signature = WEBHOOK_SCHEMES.v1a.sign(message({ body: Buffer.from(bytes) }), secret);
          expect(WEBHOOK_SCHEMES.v1a.verify(message({ body: changed }), shared, signature)).toBe(false);
        },
      ),
    );
  });
});

const PLAIN: HmacDeclaration = {
  algorithm: 'sha256',
  encoding: 'hex',
  prefix: '',
  template: '{{body}}',
  timestampFormat: 'seconds',
  keyEncoding: 'utf8',
};

const newKey = () => {
  const secret = randomBytes(32).toString('hex');
  return { secret, shared: secret };
};

/** RFC 4231, section 4.3, and RFC 2202, section 3: test case 2. */
const JEFE = { secret: 'Jefe', message: message({ body: 'what do ya want for nothing?' }) };

describe('declared HMAC', () => {
  describeSignatureScheme('of GitHub', {
    scheme: declaredHmac({ ...PLAIN, prefix: 'sha256=' }),
    newKey,
    covers: ['body'],
    vectors: [
      {
        // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        secret: "It's a Secret to Everybody",
        message: message({ body: 'Hello, World!' }),
        signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      },
    ],
  });

  describeSignatureScheme('of Slack', {
    scheme: declaredHmac({ ...PLAIN, prefix: 'v0=', template: 'v0:{{timestamp}}:{{body}}' }),
    newKey,
    covers: ['sentAt', 'body'],
    vectors: [
      {
        // https://api.slack.com/authentication/verifying-requests-from-slack
        secret: '8f742231b10e8888abcd99yyyzzz85a5',
        message: message({
          sentAt: new Date(1_531_420_618_000),
          body:
            'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
            '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
            '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
            '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
        }),
        signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      },
    ],
  });

  describeSignatureScheme('SHA-512', {
    scheme: declaredHmac({ ...PLAIN, algorithm: 'sha512' }),
    newKey,
    covers: ['body'],
    vectors: [
      {
        ...JEFE,
        signature:
          '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
      },
    ],
  });

  describeSignatureScheme('SHA-1', {
    scheme: declaredHmac({ ...PLAIN, algorithm: 'sha1' }),
    newKey,
    covers: ['body'],
    vectors: [{ ...JEFE, signature: 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79' }],
  });

  describeSignatureScheme('of the whole request', {
    scheme: declaredHmac({
      ...PLAIN,
      encoding: 'base64',
      keyEncoding: 'hex',
      timestampFormat: 'iso',
      template: '{{method}} {{path}} {{timestamp}} {{id}} {{bodySha256}}',
    }),
    newKey,
    covers: ['id', 'sentAt', 'method', 'target', 'body'],
    vectors: [],
  });
});
