import fc from 'fast-check';
import { REDACTED, Redactor } from './redaction.js';
import { NO_REDACTION, parsePath, RedactionRules, type RedactionSettings } from './redaction-rules.js';

const redactorOf = (settings: Partial<RedactionSettings>) =>
  new Redactor([], new RedactionRules([{ ...NO_REDACTION, ...settings }]));

const HIDDEN = 'Zenobia Quill';
const harmless = fc.constantFrom<unknown>('Ana', 'visit 3', 70, true, null, '2026-11-21', 'P-1042');

describe('patterns', () => {
  it.each([
    ['a card in one piece', 'paid by 4111111111111111.'],
    ['a card in groups', 'paid by 5500-0055 5555 5559'.replace('-', ' ')],
    ['a card of 15 digits', 'amex 378282246310005'],
    ['a token of RFC 7519', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_1'],
    ['bearer credentials', 'sent Bearer abc123def456'],
    ['a CPF', 'CPF 529.982.247-25'],
    ['a US social security number', 'ssn: 078-05-1120'],
    ['an Aadhaar', 'aadhaar 2341 2341 2346'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----'],
  ])('hide %s, and nothing around it', (_what, text) => {
    const shown = new Redactor().text(`before ${text} behind`);
    expect(shown).toMatch(/^before .*\*\*\*.* behind$/s);
    expect(shown).not.toMatch(/\d{4}|eyJ|MIIB/);
  });

  it.each([
    '4111111111111112',
    'order 1234567890123456',
    'visit 2026-11-21T10:00:00.000Z',
    'phone 555 010 1234',
    'phone +55 11 98765-4321',
    'basic metabolic panel',
    'CPF 529.982.247-26',
    'case 000-12-3456',
    'log_0190b2f0c0de7000800041111111111111111',
    '1732190000000',
    '2341 2341 2347',
  ])('leave %s', (text) => expect(new Redactor().text(text)).toBe(text));

  it('hide in JSON also what is a number, and leave JSON', () => {
    const shown = new Redactor().bodyText('{"card":4111111111111111,"total":70.5}');
    expect(JSON.parse(shown)).toEqual({ card: REDACTED, total: 70.5 });
  });

  it('of a tenant hide every match in every text, wherever it stands', () => {
    const redactor = redactorOf({ patterns: ['^MRN-\\d{4,}$', 'Quill'] });
    const noise = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        harmless,
        fc.array(tie('node')),
        fc.dictionary(fc.string({ maxLength: 5 }), tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(noise, fc.nat(99_999), fc.boolean(), (other, number, escaped) => {
        const body = JSON.stringify({ other, deep: [{ mrn: `MRN-${number + 1_000}`, name: HIDDEN }] });
        const shown = redactor.bodyText(escaped ? body.replace('Quill', '\\u0051uill') : body);
        expect(shown).not.toMatch(/MRN-\d|Quill/);
        expect(JSON.parse(shown).other).toEqual(JSON.parse(body).other);
      }),
    );
    expect(redactor.url('https://vendor.example/?id=MRN-12345&x=1')).toBe('https://vendor.example/?id=***&x=1');
    expect(redactor.headers({ 'x-note': 'for Quill' }, 'request')).toEqual({ 'x-note': 'for ***' });
  });
});

describe('names', () => {
  const redactor = redactorOf({ names: ['patient-name', 'cpf'] });

  it('hide a value wherever a thing of that name stands', () => {
    expect(redactor.bodyText(JSON.stringify({ a: [{ PatientName: HIDDEN, names: 1 }] }))).toBe(
      '{"a":[{"PatientName":"***","names":1}]}',
    );
    expect(redactor.headers({ 'Patient-Name': HIDDEN }, 'request')).toEqual({ 'Patient-Name': REDACTED });
    expect(redactor.url('https://v.example/?patient_name=Zenobia+Quill&x=1')).toBe(
      'https://v.example/?patient_name=***&x=1',
    );
    expect(redactor.body('patient_name=Zenobia&x=1', 'request', 'application/x-www-form-urlencoded')).toBe(
      'patient_name=***&x=1',
    );
    expect(redactor.body('<p:cpf kind="a">123</p:cpf><x>1</x>', 'response', 'application/xml')).toBe(
      '<p:cpf kind="a">***</p:cpf><x>1</x>',
    );
  });

  it('hide it also in JSON that breaks off, at whatever place', () => {
    const json = JSON.stringify({ id: 'P-1', patientName: HIDDEN, cpf: { number: HIDDEN }, last: 'x' });
    fc.assert(
      fc.property(fc.nat(json.length), (length) => {
        expect(redactor.bodyText(json.slice(0, length))).not.toMatch(/Zen|Qui/);
      }),
    );
  });
});

describe('paths', () => {
  const name = fc.constantFrom('patient', 'name', 'items', 'a/b', 'c~d', '0');
  const escapedName = (text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1');

  it('hide what they lead to, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        harmless,
        (names, wild, other) => {
          const build = (value: unknown) =>
            names.toReversed().reduce<unknown>((inner, one) => ({ [one]: inner, other }), value);
          const path = names.map((one, index) => (wild[index] ? '*' : escapedName(one))).join('/');
          const shown = redactorOf({ paths: [`/body/${path}`] }).body(JSON.stringify(build(HIDDEN)), 'request');
          expect(shown).not.toContain(HIDDEN);
          const last = wild[names.length - 1] ? REDACTED : other;
          const wanted = names
            .toReversed()
            .reduce<unknown>((inner, one, index) => ({ [one]: inner, other: index === 0 ? last : other }), REDACTED);
          // A `*` on the way leads to the other member as well, which has nothing below it.
          const isExact = !wild.slice(0, names.length - 1).includes(true);
          const parsed: unknown = JSON.parse(shown);
          expect(parsed).toEqual(isExact ? wanted : parsed);
        },
      ),
    );
  });

  it.each([
    ['/body/**/name', { a: [{ name: HIDDEN }], name: HIDDEN, b: 1 }, { a: [{ name: REDACTED }], name: REDACTED, b: 1 }],
    ['/body/items/*/note', { items: [{ note: HIDDEN, n: 1 }] }, { items: [{ note: REDACTED, n: 1 }] }],
    ['/request/body/x', { x: HIDDEN }, { x: REDACTED }],
    ['/response/body/x', { x: 'Ana' }, { x: 'Ana' }],
  ])('%s', (path, body, shown) => {
    expect(JSON.parse(redactorOf({ paths: [path] }).body(JSON.stringify(body), 'request'))).toEqual(shown);
  });

  it.each([`<name>${HIDDEN}</name>`, `MSH|${HIDDEN}`, `{"name":"${HIDDEN}`, `"${HIDDEN}"`])(
    'hide a body that cannot be taken apart as a whole: %s',
    (body) => expect(redactorOf({ paths: ['/body/name'] }).body(body, 'response')).toBe(REDACTED),
  );

  it('lead into headers and the query', () => {
    const redactor = redactorOf({ paths: ['/headers/X-Patient', '/response/headers/x-other', '/query/name'] });
    const headers = { 'x-patient': HIDDEN, 'x-other': 'Ana' };
    expect(redactor.headers(headers, 'request')).toEqual({ 'x-patient': REDACTED, 'x-other': 'Ana' });
    expect(redactor.headers(headers, 'response')).toEqual({ 'x-patient': REDACTED, 'x-other': REDACTED });
    expect(redactor.url('https://v.example/?name=Zenobia&x=1')).toBe('https://v.example/?name=***&x=1');
  });

  it.each(['', 'body/x', '/x', '/request/x', '/headers', '/headers/a/b', '/query'])('refuse %j', (path) => {
    expect(() => parsePath(path)).toThrow(/must/);
  });
});
