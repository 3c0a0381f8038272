import { createHmac } from 'node:crypto';
import { aRawRequest } from './raw-request.builders.js';
import type { RawRequest } from './raw-request.js';
import { findVerificationScheme, parseVerification } from './verification-schemes.js';

const CONTEXT = { allowCidrs: [], allowedAddresses: ['192.0.2.0/24'] };

function challenged(input: object, request: RawRequest) {
  const parsed = parseVerification(input, CONTEXT);
  const scheme = findVerificationScheme(parsed.kind);
  if (!parsed.ok || !scheme) throw new Error(JSON.stringify(parsed));
  return scheme.challenge(request, parsed.value);
}

const answer = (body: string) => ({
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body,
});

const get = (query: string) => aRawRequest({ method: 'GET', url: `https://waybill.example/hooks/hk_1?${query}` });

describe('url_verification of Slack', () => {
  const slack = { kind: 'slack', secrets: ['k'] };
  const signed = (body: string, secret = 'k', secondsAgo = 0): RawRequest => {
    const request = aRawRequest({ body: Buffer.from(body) });
    const time = request.receivedAt.getTime() / 1_000 - secondsAgo;
    const signature = createHmac('sha256', secret).update(`v0:${time}:${body}`).digest('hex');
    const headers = { 'x-slack-request-timestamp': String(time), 'x-slack-signature': `v0=${signature}` };
    return { ...request, headers };
  };
  // https://api.slack.com/events/url_verification
  const ANSWER = '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P';
  const CHALLENGE = `{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"${ANSWER}","type":"url_verification"}`;

  it('is answered by the challenge', () => {
    expect(challenged(slack, signed(CHALLENGE))).toEqual(answer(ANSWER));
  });

  it.each([
    ['signed by another secret', signed(CHALLENGE, 'other')],
    ['too old', signed(CHALLENGE, 'k', 301)],
    ['not signed', aRawRequest({ body: Buffer.from(CHALLENGE) })],
    ['another event', signed('{"type":"event_callback","challenge":"a"}')],
    ['without a text as challenge', signed('{"type":"url_verification","challenge":{"a":1}}')],
    ['with a challenge that is markup beyond ASCII', signed('{"type":"url_verification","challenge":"é"}')],
    ['no JSON', signed('payload=1')],
    ['large', signed(CHALLENGE.padEnd(5_000))],
  ])('is not answered where it is %s', (_what, request) => {
    expect(challenged(slack, request)).toBeNull();
  });
});

describe('hub.challenge of Meta', () => {
  // https://developers.facebook.com/docs/graph-api/webhooks/getting-started
  const meta = { kind: 'meta', secrets: ['k'], verifyToken: 'meatyhamhock' };
  const query = 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock';

  it('is answered where the token is ours', () => {
    expect(challenged(meta, get(query))).toEqual(answer('1158201444'));
  });

  it.each([
    ['of another token', get(query.replace('meaty', 'lean'))],
    ['without a token', get('hub.mode=subscribe&hub.challenge=1')],
    ['of another mode', get(query.replace('subscribe', 'unsubscribe'))],
    ['without a challenge', get('hub.mode=subscribe&hub.verify_token=meatyhamhock')],
    ['a POST', { ...get(query), method: 'POST' }],
  ])('is not answered where it is %s', (_what, request) => {
    expect(challenged(meta, request)).toBeNull();
  });

  it('is refused with its reason where the token is another', () => {
    const parsed = parseVerification(meta, CONTEXT);
    const desk = { keySets: { of: () => () => Promise.reject(new Error('no keys')) } };
    expect(
      parsed.ok && findVerificationScheme('meta')?.verify(get(query.replace('meaty', 'lean')), parsed.value, desk),
    ).toEqual({ ok: false, reason: 'hub.verify_token does not match' });
  });

  it('keeps its token out of logs', () => {
    expect(findVerificationScheme('meta')?.credentialPlaces({})).toEqual({ headers: [], query: ['hub.verify_token'] });
  });
});

describe.each([
  [{ kind: 'hmac', header: 'x-signature', template: '{{body}}', secrets: ['k'] }],
  [{ kind: 'basic', username: 'u', secrets: ['k'] }],
  [{ kind: 'bearer', secrets: ['k'] }],
  [{ kind: 'api-key', in: 'header', name: 'x-key', secrets: ['k'] }],
  [{ kind: 'none' }],
])('an echo of %j', (input) => {
  const echoing = { ...input, echoParameter: 'challenge' };

  it('is the value of the parameter of a GET', () => {
    expect(challenged(echoing, get('a=1&challenge=c-1%20%3Cb%3E'))).toEqual(answer('c-1 <b>'));
  });

  it.each([
    ['there is no parameter', get('a=1')],
    ['it is empty', get('challenge=')],
    ['it is too long', get(`challenge=${'x'.repeat(1_025)}`)],
    ['it would break a line', get('challenge=a%0d%0ab')],
    ['it is a POST', { ...get('challenge=1'), method: 'POST' }],
  ])('is none where %s', (_what, request) => {
    expect(challenged(echoing, request)).toBeNull();
  });

  it('is none where nobody asked for it', () => {
    expect(challenged(input, get('challenge=1'))).toBeNull();
  });
});
