import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { compileExpression } from './expression-compiler.js';
import { ExpressionSyntaxError } from './expression-syntax.error.js';
import { guardBuiltIns, SHARED_BUILT_INS } from './guarded-built-ins.js';
import { LimitReachedError } from './limit-reached.error.js';

const run = (source: string, input: unknown = {}, timeoutMs = 2_000) =>
  compileExpression(source).evaluate(input, timeoutMs);

function syntaxErrorOf(source: string): ExpressionSyntaxError {
  try {
    compileExpression(source);
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error;
    throw error;
  }
  throw new Error(`"${source}" compiles`);
}

/** Where it cannot be parsed; 0 where it can. */
function placeOf(source: string): number {
  try {
    compileExpression(source);
    return 0;
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error.position;
    throw error;
  }
}

describe('compileExpression', () => {
  it.each([
    ['patient.name', { patient: { name: 'Ada' } }, 'Ada'],
    [
      '{ "id": id, "tests": tests.{ "code": $uppercase(code) } }',
      { id: 1, tests: [{ code: 'a' }, { code: 'b' }] },
      { id: 1, tests: [{ code: 'A' }, { code: 'B' }] },
    ],
    ['$sum(items.price) > 10', { items: [{ price: 6 }, { price: 5 }] }, true],
    ['$match("ab12", /([a-z]+)(\\d+)/).groups', {}, ['ab', '12']],
    ['$replace("a-b-c", /-/, "_")', {}, 'a_b_c'],
    ['$contains("Hello", /HELL/i)', {}, true],
    ['$split("a1b2c", /\\d/)', {}, ['a', 'b', 'c']],
    ['$pad("x", -5, "0")', {}, '0000x'],
    ['$join(["a", "b"], "-")', {}, 'a-b'],
    ['$map(["a", "b"], $uppercase)', {}, ['A', 'B']],
    ['$substring(?, 0, 3)("abcdef")', {}, 'abc'],
    ['"abc" ~> $uppercase ~> $lowercase', {}, 'abc'],
    ['$formatNumber(12345.678, "#,##0.00")', {}, '12,345.68'],
    ['$fromMillis(0, "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]Z")', {}, '1970-01-01T00:00:00Z'],
    ['$toMillis("2026-11-21", "[Y0001]-[M01]-[D01]")', {}, Date.UTC(2026, 10, 21)],
    ['$ ~> | patient | { "name": "x" } |', { patient: { name: 'Ada' } }, { patient: { name: 'x' } }],
    ['$now("[Y0001]")', {}, expect.stringMatching(/^20\d\d$/)],
    ['nothing.here', {}, undefined],
  ])('evaluates %s', async (source, input, expected) => {
    const result: unknown = await run(source, input);
    // As JSON: JSONata's arrays carry flags, its objects have no prototype.
    expect(JSON.parse(JSON.stringify([result]))).toEqual([expected ?? null]);
  });

  it('evaluates objects with thousands of members and recursion of a thousand levels', async () => {
    expect(Object.keys(Object(await run('[1..3000]{ $string($): $ * 2 }')))).toHaveLength(3_000);
    expect(await run('($f := function($n) { $n > 0 ? 1 + $f($n - 1) : 0 }; $f(1000))')).toBe(1_000);
  });

  it('keeps the time of one evaluation apart from the next', async () => {
    const expression = compileExpression('($f := function($n) { $f($n + 1) }; $forever ? $f(0) : 1)');
    expect(await expression.evaluate({}, 1_000)).toBe(1);
    expect(await expression.evaluate({}, 1_000)).toBe(1);
  });

  describe('stops', () => {
    it.each([
      ['recursion', '($f := function($n) { 1 + $f($n + 1) }; $f(0))', { code: expect.stringMatching(/D101[12]/) }],
      ['tail recursion', '($f := function($n) { $f($n + 1) }; $f(0))', { code: 'D1012' }],
      [
        'two functions that call each other',
        '($f := function($n) { $g($n) }; $g := function($n) { $f($n) }; $f(0))',
        { code: 'D1012' },
      ],
      ['a long range', '[1..1000000000]', { code: 'D2014' }],
      ['a range past the limit', '[1..100001]', { code: 'D2015' }],
      [
        'a product of ranges',
        '[1..10000].[1..10000]',
        expect.objectContaining({ code: expect.stringMatching(/D1012|D2015/) }),
      ],
      ['an array that doubles', '$reduce([1..40], function($a, $i) { $append($a, $a) }, [1])', { code: 'D2015' }],
      ['a string that doubles', '$reduce([1..40], function($a, $i) { $a & $a }, "xxxx")', { limit: 'string' }],
      [
        'a string that doubles in a function',
        '$reduce([1..40], function($a, $i) { $join([$a, $a]) }, "xxxx")',
        { limit: 'string' },
      ],
      ['growth by replacement', '($s := $pad("", 10000, "a"); $replace($s, "a", $s))', { limit: 'string' }],
      [
        'growth by partial application',
        '($r := $replace(?, "a", ?); $reduce([1..20].$pad("", 99, "a"), $r, "a"))',
        { limit: 'string' },
      ],
      ['a wide pad', '$pad("x", 500000000)', { limit: 'string' }],
      ['a wide date', '$fromMillis(1, "[Y, 5 0 0 0 0 0 0 0 0]")', { limit: 'picture' }],
      ['a wide $now', '$now("[Y#,##0,300000000]")', { limit: 'picture' }],
      ['a long picture', '$formatNumber(1, $pad("0", 9999, "0"))', { limit: 'picture' }],
      ['a split into too many', '($s := $join([1..20].$pad("", 10000, "a")); $split($s, ""))', { limit: 'sequence' }],
      ['$eval', '$eval("1")', expect.objectContaining({ message: '$eval is off' })],
      ['roman numerals of a huge number', '$formatInteger(1e30, "I")', expect.any(RangeError)],
    ])('%s', async (_what, source, error) => {
      await expect(run(source, {}, 500)).rejects.toMatchObject(error);
    });

    it('no regular expression needs to be stopped', async () => {
      expect(await run('$match($pad("a", 5000, "a") & "!", /^(a+)+$/)')).toBeUndefined();
      expect(await run('$contains($pad("a", 5000, "a") & "!", /(a|a)*b/)')).toBe(false);
    });

    it('any single string that is too long, before it is used', async () => {
      const input = { text: 'a'.repeat(1024 * 1024 + 1) };
      expect(await run('text', input)).toBe(input.text);
      for (const name of ['uppercase', 'base64encode', 'encodeUrlComponent', 'length', 'trim']) {
        await expect(run(`$${name}(text)`, input)).rejects.toBeInstanceOf(LimitReachedError);
      }
    });
  });

  describe('keeps expressions apart', () => {
    it.each([
      '{} ~> | $sum | { "implementation": function($x) { 666 } } |',
      '{} ~> | $sum | { "signature": null } |',
      '{} ~> | $sum | {}, ["implementation"] |',
      '{} ~> | $spread([$sum]).implementation | { "apply": function($x) { 666 } } |',
      '{} ~> | $spread([$sum]).signature | { "validate": 1 } |',
      '{} ~> | $spread([$sum]) | { "x": 1 } |',
      '$merge([{}, {}]) ~> | $ | { "__proto__": { "polluted": 1 } } |',
      '{} ~> | $ | { "constructor": { "prototype": { "polluted": 1 } } } |',
    ])('%s changes nothing for the next', async (source) => {
      await run(source).catch(() => {});
      expect(await run('$sum([1, 2])')).toBe(3);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined(); // oxlint-disable-line typescript/no-unsafe-type-assertion -- reads what must not exist
    });

    it('guards every function that JSONata shares', async () => {
      const library = readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8');
      const names = [...library.matchAll(/staticFrame\.bind\('(\w+)'/g)].map(([, name]) => name);
      expect(names.length).toBeGreaterThan(50);
      expect(new Set(SHARED_BUILT_INS)).toEqual(new Set(names));
      await guardBuiltIns();
      for (const name of SHARED_BUILT_INS) {
        const shared: object = await jsonata(`$${name}`).evaluate({});
        expect([name, Object.isExtensible(shared)]).toEqual([name, false]);
        expect(Object.getOwnPropertyDescriptor(shared, 'implementation')).toMatchObject({
          writable: false,
          configurable: false,
        });
      }
    });
  });

  describe('syntax errors', () => {
    it.each([
      ['1 +', 3, 1, 4, '(end)'],
      ['{\n  "a": 1,\n  "b": }', 19, 3, 8, '}'],
      ['a.b.)', 4, 1, 5, ')'],
      ['"open', 5, 1, 6, null],
    ])('%j names its place', (source, position, line, column, token) => {
      const error = syntaxErrorOf(source);
      expect(error).toMatchObject({ code: 'EXPRESSION_SYNTAX', position, line, column, token });
      expect(error.message).toContain(`line ${line}, column ${column}`);
    });

    it('refuses regular expressions that RE2 has not, at their place', () => {
      for (const pattern of ['(?=a)b', '(a)\\1', '(a{1000}){1000}']) {
        expect(syntaxErrorOf(`$match(x, /${pattern}/)`).message).toContain('RE2');
      }
    });

    it('refuses regular expressions that would take long to compile', () => {
      const many = Array.from({ length: 500 }, (_, i) => `$contains(x, /(?:a{1000}|b{${i}})/)`).join(' or ');
      expect(syntaxErrorOf(many).message).toContain('the limit is 1000');
      expect(() =>
        compileExpression(Array.from({ length: 500 }, () => '$contains(x, /a+b/)').join(' or ')),
      ).not.toThrow();
    });

    it('refuses what is too long or too deep', () => {
      expect(syntaxErrorOf(`"${'x'.repeat(32 * 1024)}"`).message).toContain('limit is 32768');
      for (const open of ['(', '[', '{"a":', '-', 'function(){', '$f(', '/**/']) {
        expect(syntaxErrorOf(open.repeat(Math.floor(32_000 / open.length))).code).toBe('EXPRESSION_SYNTAX');
      }
    });

    it('parses or refuses anything, quickly, and with a place inside the source', () => {
      const part = fc.constantFrom(
        'a',
        '.',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '"',
        '$',
        '%',
        '@$x',
        '#$i',
        '^(',
        '~>',
        '|',
        '/',
        '*',
        '**',
        ':=',
        '?',
        ':',
        ' ',
        '\n',
        '1',
        '&',
        'function($x){',
        'λ',
      );
      fc.assert(
        fc.property(
          fc.array(part, { maxLength: 60 }).map((parts) => parts.join('')),
          (source) => expect(placeOf(source)).toBeLessThanOrEqual(source.length),
        ),
        { numRuns: 500 },
      );
    });
  });
});
