import fc from 'fast-check';
import { REDACTED, Redactor } from './redaction.js';

const secret = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }).filter((text) => !text.includes('*'));

describe('Redactor.text', () => {
  it('leaves no known secret, whatever surrounds it', () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 4 }), fc.array(fc.string()), (secrets, noise) => {
        const text = [...noise, ...secrets, ...noise].join('');
        const redacted = new Redactor(secrets).text(text);
        for (const known of secrets) expect(redacted).not.toContain(known);
      }),
    );
  });

  it('finds a secret as a URL and as JSON write it', () => {
    const key = 'p@ss "wörd" &1';
    expect(new Redactor([key]).text(`a=${encodeURIComponent(key)}`)).toBe(`a=${REDACTED}`);
    expect(new Redactor([key]).text(JSON.stringify({ key }))).toBe(`{"key":"${REDACTED}"}`);
  });

  it('finds a secret in a URL that stands in the query of another', () => {
    const key = "abc~def!se'cret &1";
    const called = new URL('https://vendor.example/');
    called.searchParams.set('code', key);
    const redirect = new URL('https://elsewhere.example/');
    redirect.searchParams.set('was', called.href);
    expect(new Redactor([key]).text(redirect.href)).toMatch(/code%3D\*\*\*$/);
  });

  it('hides the longer of two secrets whole', () =>
    expect(new Redactor(['abcd', 'abcdef']).text('abcdef')).toBe(REDACTED));

  it('takes replacement patterns literally and leaves very short secrets', () => {
    expect(new Redactor(['$&', '']).text('x$&y')).toBe('x$&y');
    expect(new Redactor(['secret']).text('a secret')).toBe('a ***');
  });
});

describe('Redactor.headers', () => {
  it('hides credentials by name and secrets by value', () => {
    const headers = {
      Authorization: 'Bearer x',
      'X-Api-Key': 'k',
      cookie: 'c',
      'x-note': 'has s3cret inside',
      accept: '*/*',
    };
    expect(new Redactor(['s3cret']).headers(headers, 'request')).toEqual({
      Authorization: REDACTED,
      'X-Api-Key': REDACTED,
      cookie: REDACTED,
      'x-note': 'has *** inside',
      accept: '*/*',
    });
    expect(headers.Authorization).toBe('Bearer x');
  });
});

describe('Redactor.url', () => {
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
  ])('%s', (url, shown) => expect(new Redactor(['s3cret']).url(url)).toBe(shown));
});

describe('Redactor.value', () => {
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
        expect(JSON.stringify(new Redactor().value(body))).not.toContain('HIDDEN-ONE');
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
        new Redactor().value(body);
        expect(body).toEqual(before);
      }),
    );
    const body = { patientId: 'P-1', visits: [{ at: null, total: 3.5, paid: true }] };
    expect(new Redactor().value(body)).toEqual(body);
    expect(new Redactor().value(body)).not.toBe(body);
  });

  it('bounds depth, size and circles', () => {
    const circle: Record<string, unknown> = { name: 'x' };
    circle['self'] = circle;
    expect(JSON.stringify(new Redactor().value(circle))).toContain('[cut off]');
    expect(new Redactor().value(Array.from({ length: 60_000 }, () => 1))).toContain('[cut off]');
  });

  it('reads what is more than JSON', () => {
    const at = new Date(0);
    const trap = Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') });
    expect(
      new Redactor(['s3cret']).value({
        at,
        bytes: Buffer.from('abc'),
        big: 1n,
        run: () => 1,
        trap,
        error: new Error('has s3cret'),
      }),
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

describe('Redactor.bodyText', () => {
  it('hides in a JSON text just what it hides in the value', () => {
    const name = fc.oneof(
      fc.constantFrom('pin', 'shipping', 'auth', 'author', 'OTP', 'a\\tb', 'pass\tword', 'To-ken', 'x_api.key'),
      fc.string({ maxLength: 8 }),
    );
    const { body } = fc.letrec((tie) => ({
      body: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('s3cret', 1, null),
        fc.dictionary(name, tie('body')),
        fc.array(tie('body')),
      ),
    }));
    const redactor = new Redactor(['s3cret']);
    fc.assert(
      fc.property(fc.dictionary(name, body), fc.constantFrom(undefined, 2), (value, indent) => {
        const shown = redactor.bodyText(JSON.stringify(value, null, indent));
        expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(redactor.value(value))));
      }),
    );
  });

  it('hides what stands in JSON that is a text in JSON, as in an echo', () => {
    const echo = JSON.stringify({ body: JSON.stringify({ password: 'hunter2', name: 'Ana' }) });
    expect(JSON.parse(new Redactor().bodyText(echo))).toEqual({ body: `{"password":"${REDACTED}","name":"Ana"}` });
  });

  it('finds names that are written with escapes', () => {
    expect(new Redactor().bodyText('{"p\\u0069n":"1234"}')).toBe(`{"pin":"${REDACTED}"}`);
  });

  it('leaves a text as it was written where there is nothing to hide', () => {
    const written = '{ "patientId" : "P-1" }';
    expect(new Redactor(['s3cret']).bodyText(written)).toBe(written);
  });

  it('hides secrets in what is no JSON, or breaks off', () => {
    expect(new Redactor(['s3cret']).bodyText('MSH|s3cret')).toBe(`MSH|${REDACTED}`);
    expect(new Redactor(['s3cret']).bodyText('{"token":"s3cret')).toBe(`{"token":"${REDACTED}"`);
    expect(new Redactor().bodyText('{"a":1,"pin":{"b":"hunter2"},"c":')).toBe(`{"a":1,"pin":"${REDACTED}"`);
  });
});
