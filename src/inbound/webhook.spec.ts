import type { InboundSource } from './sources/inbound-source.js';
import { aRawRequest } from './verification/raw-request.builders.js';
import { readWebhook } from './webhook.js';

describe('the id of an event', () => {
  const source = (eventId: string | null) => {
    const places: Partial<InboundSource> = { eventType: null, eventId };
    return Object.assign(Object.create(null), places);
  };
  const idOf = (body: string, eventId: string | null = '/id', more: Partial<Parameters<typeof aRawRequest>[0]> = {}) =>
    readWebhook(source(eventId), aRawRequest({ body: Buffer.from(body), ...more })).eventId;

  it('is the text or number that stands there', () => {
    expect([idOf('{"id":"e-1"}'), idOf('{"id":17}'), idOf('{"id":1.5}')]).toEqual(['e-1', '17', '1.5']);
  });

  it('is of the whole body where a number is too large to be read as it was sent', () => {
    const [one, next] = ['{"id":9007199254740993}', '{"id":9007199254740992}'].map((body) => idOf(body));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(one).not.toBe(next);
  });

  it('tells long ones apart that begin alike', () => {
    const long = 'x'.repeat(300);
    const [one, next] = [`{"id":"${long}1"}`, `{"id":"${long}2"}`].map((body) => idOf(body));
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(one).not.toBe(next);
  });

  it('is of the query where there is no body', () => {
    const at = (query: string) => idOf('', null, { method: 'GET', url: `https://waybill.example/hooks/x?${query}` });
    expect(at('id=1')).not.toBe(at('id=2'));
    expect(at('id=1')).toBe(at('id=1'));
  });
});
