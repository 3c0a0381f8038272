import fc from 'fast-check';
import { ExpressionLimitError } from '../expressions/expression-limit.error.js';
import { ExpressionSandbox } from '../expressions/expression-sandbox.js';
import { BodySchemaError } from './body-schema.error.js';
import { BodySchemas } from './body-schemas.js';
import { SchemaInvalidError } from './schema-invalid.error.js';

describe('BodySchemas', () => {
  const sandbox = new ExpressionSandbox();
  const schemas = new BodySchemas(sandbox);
  afterAll(() => sandbox.close());

  const usable = (schema: object) => schemas.requireUsable(JSON.stringify(schema));
  const valid = (schema: object, body: unknown, options = {}) =>
    schemas.requireValid(JSON.stringify(schema), body, options);

  const PATIENT = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      name: { type: 'string', pattern: '^[A-Z]' },
      born: { type: 'string', format: 'date' },
      phones: { type: 'array', items: { $ref: '#/$defs/phone' } },
    },
    required: ['name'],
    $defs: { phone: { type: ['string', 'null'], maxLength: 5 } },
  };

  it('lets a body pass that meets its schema', async () => {
    await expect(valid(PATIENT, { name: 'Ana', born: '1990-02-28', phones: ['12345', null] })).resolves.toBeUndefined();
  });

  it('names every path and rule that does not hold, and no value', async () => {
    const body = { name: 'ana of Lisbon', born: '1990-02-30', phones: ['1', '555-0101-secret'] };
    const error = await valid(PATIENT, body).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BodySchemaError);
    expect(String(error)).toContain(
      '/name must match pattern "^[A-Z]" (pattern); /born must match format "date" (format); ' +
        '/phones/1 must NOT have more than 5 characters (maxLength)',
    );
    expect(String(error)).not.toMatch(/Lisbon|1990|secret/);
    await expect(valid(PATIENT, 'text')).rejects.toThrow(/\(body\) must be object \(type\)/);
    await expect(valid(PATIENT, undefined)).rejects.toThrow(/\(body\) must be JSON or a form/);
    await expect(valid(PATIENT, {})).rejects.toThrow(/\(body\) must have required property 'name'/);
  });

  it('names twenty faults at the most, and says how many there are', async () => {
    const numbers = Array.from({ length: 1_000 }, (_, index) => index);
    const refused = valid({ type: 'array', items: { type: 'string' } }, numbers);
    await expect(refused).rejects.toThrow(/\/19 must be string \(type\); and 980 more/);
  });

  it.each([
    [{ type: 'objekt' }, /#\/type must be equal to one of the allowed values/],
    [
      { properties: { a: { minLength: -1, type: 'string' } }, type: 'object' },
      /#\/properties\/a\/minLength must be >= 0/,
    ],
    [{ properties: { a: { maxLenght: 1 } }, type: 'object' }, /#\/properties\/a\/maxLenght .*unknown keyword/],
    [{ properties: { a: { minLength: 1 } }, type: 'object' }, /#\/properties\/a .*missing type "string"/],
    [{ properties: { 'a/b': { type: 'string', pattern: '(' } }, type: 'object' }, /#\/properties\/a~1b\/pattern/],
    [{ type: 'string', pattern: '(?=a)b' }, /#\/pattern is not a regular expression of RE2/],
    [{ type: 'object', patternProperties: { '(a)\\1': { type: 'string' } } }, /#\/patternProperties\/\(a\)\\1 is not/],
    [{ type: 'string', format: 'telephone' }, /# unknown format "telephone"/],
    [{ allOf: [{ $ref: 'https://example.com/other' }] }, /#\/allOf\/0\/\$ref .*can't resolve/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#' }, /#\/\$schema must be .*2020-12/],
    [{ $async: true, type: 'string' }, /#\/\$async must not be there/],
  ])('refuses the schema %j, naming the place', async (schema, says) => {
    const error = await usable(schema).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SchemaInvalidError);
    expect(String(error)).toMatch(says);
  });

  it('matches patterns in proportion to the text', async () => {
    const schema = { type: 'string', pattern: '^(a+)+$' };
    const startedMs = performance.now();
    await expect(valid(schema, `${'a'.repeat(100_000)}!`)).rejects.toThrow(BodySchemaError);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  it('finds what JavaScript finds by ordinary patterns', async () => {
    const patterns = ['^[A-Z]\\d{2,4}$', '\\bab', '^\\p{Lu}', 'a|b$', '[^\\s/]+@[a-z.]+', '^\\u00e4'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...patterns),
        fc.string({ unit: fc.constantFrom('a', 'b', 'A', '1', ' ', 'ä', '@', '.', '/', '\n') }),
        async (pattern, text) => {
          const passed = await valid({ type: 'string', pattern }, text).then(
            () => true,
            () => false,
          );
          expect(passed).toBe(new RegExp(pattern, 'u').test(text));
        },
      ),
    );
  });

  it('ends a check that takes exponential time, and goes on with others', async () => {
    const levels = Array.from({ length: 40 }, (_, level) => [
      `l${level}`,
      level === 39
        ? { type: 'string' }
        : { allOf: [{ $ref: `#/$defs/l${level + 1}` }, { $ref: `#/$defs/l${level + 1}` }] },
    ]);
    const schema = { $defs: Object.fromEntries(levels), $ref: '#/$defs/l0' };
    const checked = valid(schema, 'x', { timeoutMs: 200 });
    await expect(checked).rejects.toThrow(/The schema check was stopped: it hung/);
    await expect(checked).rejects.toBeInstanceOf(ExpressionLimitError);
    await expect(valid(PATIENT, { name: 'Ana' })).resolves.toBeUndefined();
  });

  it('keeps the schemas of tenants apart', async () => {
    await usable({ $id: 'https://lab.example/a', type: 'string' });
    await usable({ $id: 'https://lab.example/a', type: 'number' });
    await expect(usable({ $ref: 'https://lab.example/a' })).rejects.toThrow(/can't resolve reference/);
  });
});
