import fc from 'fast-check';
import { dataOf } from './body-data.js';
import { aRawRequest } from './verification/raw-request.builders.js';

const FORM = 'application/x-www-form-urlencoded; charset=utf-8';

const read = (body: string | Buffer, contentType = 'application/json') =>
  dataOf(aRawRequest({ body: Buffer.from(body), headers: { 'content-type': contentType } }));

describe('what a body says', () => {
  it.each([
    ['JSON', '{"type":"ping"}', { type: 'ping' }],
    ['JSON after a byte order mark', '\uFEFF{"type":"ping"}', { type: 'ping' }],
    ['anything else', 'type=ping', undefined],
    ['nothing', '', undefined],
    ['what is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined],
  ])('is of %s', (_what, body, data) => {
    expect(read(body)).toEqual(data);
  });

  it.each([
    ['one field each', 'MessageSid=SM1&Body=Hello+Ana%21', { MessageSid: 'SM1', Body: 'Hello Ana!' }],
    ['a field that comes several times', 'to=1&to=2&from=3', { to: ['1', '2'], from: '3' }],
    ['a byte order mark', '\uFEFFMessageSid=SM1', { MessageSid: 'SM1' }],
    ['a field with neither name nor value', '=&a', { '': '', a: '' }],
    ['a lone name that is JSON, too', '42', { '42': '' }],
    ['JSON under the name of a form, as curl sends it', '{"type":"ping"}', { type: 'ping' }],
  ])('is of a form with %s', (_what, body, data) => {
    expect(read(body, FORM)).toEqual(data);
  });

  it('is of a form each value under its name, whatever these are', () => {
    const name = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', 'toString'));
    const fields = fc.array(fc.tuple(name, fc.string({ unit: 'grapheme' })), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fields, (pairs) => {
        const data = read(new URLSearchParams(pairs).toString(), FORM);
        const named = new Map(pairs.map(([one]) => [one, pairs.filter(([other]) => other === one)]));
        const expected = [...named].map(([one, own]) => {
          const values = own.map(([, value]) => value);
          return [one, values.length === 1 ? values[0] : values] as const;
        });
        expect(new Map(Object.entries(data ?? {}))).toEqual(new Map(expected));
        expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
      }),
    );
  });

  it('is never thrown at whatever bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(FORM, 'application/json', ''), (bytes, type) => {
        expect(() => read(Buffer.from(bytes), type)).not.toThrow();
      }),
    );
  });

  it('is nothing of a form with more fields than are read', () => {
    const fields = (count: number) => Array.from({ length: count }, (_, index) => `f${index}=1`).join('&');
    expect(Object.keys(read(fields(1_000), FORM) ?? {})).toHaveLength(1_000);
    expect(read(fields(1_001), FORM)).toBeUndefined();
  });
});
