import fc from 'fast-check';
import { REDACTED, redactBody, redactHeaders, redactText, redactUrl } from './redaction.js';

const secret = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }).filter((text) => !text.includes('*'));

describe('redactText', () => {
  it('leaves no known secret, whatever surrounds it', () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 4 }), fc.array(fc.string()), (secrets, noise) => {
        const text = [...noise, ...secrets, ...noise].join('');
        const redacted = redactText(text, secrets);
        for (const known of secrets) expect(redacted).not.toContain(known);
      }),
    );
  });

  it('finds a secret as a URL and as JSON write it', () => {
    const key = 'p@ss "wörd" &1';
    expect(redactText(`a=${encodeURIComponent(key)}`, [key])).toBe(`a=${REDACTED}`);
    expect(redactText(JSON.stringify({ key }), [key])).toBe(`{"key":"${REDACTED}"}`);
  });

  it('hides the longer of two secrets whole', () => expect(redactText('abcdef', ['abcd', 'abcdef'])).toBe(REDACTED));

  it('takes replacement patterns literally and leaves very short secrets', () => {
    expect(redactText('x$&y', ['$&', ''])).toBe('x$&y');
    expect(redactText('a secret', ['secret'])).toBe('a ***');
  });
});

describe('redactHeaders', () => {
  it('hides credentials by name and secrets by value', () => {
    const headers = {
      Authorization: 'Bearer x',
      'X-Api-Key': 'k',
      cookie: 'c',
      'x-note': 'has s3cret inside',
      accept: '*/*',
    };
    expect(redactHeaders(headers, ['s3cret'])).toEqual({
      Authorization: REDACTED,
      'X-Api-Key': REDACTED,
      cookie: REDACTED,
      'x-note': 'has *** inside',
      accept: '*/*',
    });
    expect(headers.Authorization).toBe('Bearer x');
  });
});

describe('redactUrl', () => {
  it.each([
    ['https://user:pass@vendor.example/a', 'https://***@vendor.example/a'],
    [
      'https://vendor.example/a?api_key=1&x=2&access%5Ftoken=3',
      'https://vendor.example/a?api_key=***&x=2&access%5Ftoken=***',
    ],
    ['https://vendor.example/a#token=1', 'https://vendor.example/a#token=***'],
    ['https://vendor.example/hook/s3cret/x?y=s3cret', 'https://vendor.example/hook/***/x?y=***'],
    ['not a url', 'not a url'],
    ['https://vendor.example/?%zz=1', 'https://vendor.example/?%zz=1'],
  ])('%s', (url, shown) => expect(redactUrl(url, ['s3cret'])).toBe(shown));
});

describe('redactBody', () => {
  it('hides values by the names of their keys, at any depth', () => {
    const sensitive = fc.constantFrom(
      'password',
      'API-Key',
      'access_token',
      'clientSecret',
      'Authorization',
      'private key',
    );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), sensitive, (value, key) => {
        const body = { deep: [{ [key]: 'HIDDEN-ONE', other: value }] };
        expect(JSON.stringify(redactBody(body))).not.toContain('HIDDEN-ONE');
      }),
    );
  });

  it('copies harmless JSON unchanged and mutates nothing', () => {
    const harmless = fc.dictionary(
      fc.constantFrom('patientId', 'visits', 'at', 'total'),
      fc.jsonValue({ maxDepth: 3 }),
    );
    fc.assert(
      fc.property(harmless, (body) => {
        const before = structuredClone(body);
        redactBody(body);
        expect(body).toEqual(before);
      }),
    );
    const body = { patientId: 'P-1', visits: [{ at: null, total: 3.5, paid: true }] };
    expect(redactBody(body)).toEqual(body);
    expect(redactBody(body)).not.toBe(body);
  });

  it('bounds depth, size and circles', () => {
    const circle: Record<string, unknown> = { name: 'x' };
    circle['self'] = circle;
    expect(JSON.stringify(redactBody(circle))).toContain('[cut off]');
    expect(redactBody(Array.from({ length: 60_000 }, () => 1))).toContain('[cut off]');
  });

  it('reads what is more than JSON', () => {
    const at = new Date(0);
    const trap = Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') });
    expect(
      redactBody({ at, bytes: Buffer.from('abc'), big: 1n, run: () => 1, trap, error: new Error('has s3cret') }, [
        's3cret',
      ]),
    ).toEqual({
      at: at.toISOString(),
      bytes: '[3 bytes]',
      big: '1',
      run: undefined,
      trap: { x: '[cut off]' },
      error: { name: 'Error', message: 'has ***' },
    });
  });
});
