import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { ExpressionFailedError } from './expression-failed.error.js';
import { ExpressionLimitError } from './expression-limit.error.js';
import { ExpressionSandbox } from './expression-sandbox.js';
import { ExpressionSyntaxError } from './expression-syntax.error.js';

const HANGS = '$distinct([1..100000])'; // one synchronous step of many seconds
const LOOPS = '($f := function($n) { $f($n + 1) }; $f(0))';
const EATS_MEMORY = '$map([1..100000], function($x) { [1..100000] })';

const START_TAKES_LONGER_MS = 60;

jest.setTimeout(30_000);

describe('ExpressionSandbox', () => {
  const sandbox = new ExpressionSandbox({ graceMs: 500 });
  afterAll(() => sandbox.close());

  const failureOf = async (source: string, input: unknown = {}, timeoutMs = 400): Promise<unknown> =>
    sandbox.evaluate(source, input, { timeoutMs }).then(
      (result) => ({ result }),
      (error: unknown) => error,
    );

  it('gives back any JSON unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(await sandbox.evaluate('$$.value', { value })).toEqual(
          Array.isArray(expected) && expected.length === 0 ? [] : expected,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('gives back plain data: no flags, no functions, undefined for nothing', async () => {
    const list: unknown = await sandbox.evaluate('items.id', { items: [{ id: 1 }, { id: 2 }] });
    expect(list).toEqual([1, 2]);
    expect(Object.keys(Object(list))).toEqual(['0', '1']);
    expect(await sandbox.evaluate('{ "f": $sum, "g": function($x) { $x }, "a": [$sum, 1] }', {})).toEqual({
      a: [null, 1],
    });
    expect(await sandbox.evaluate('nothing', {})).toBeUndefined();
    expect(await sandbox.evaluate('null', {})).toBeNull();
  });

  it('reads its input as JSON', async () => {
    const id = { toJSON: () => '65f0' };
    expect(await sandbox.evaluate('$', { at: new Date(0), id, run: () => 1 })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      id: '65f0',
    });
    expect(await failureOf('$', { big: 1n })).toBeInstanceOf(ExpressionFailedError);
  });

  it('checks without evaluating', () => {
    expect(() => sandbox.check('1 +')).toThrow(ExpressionSyntaxError);
    expect(() => sandbox.check(LOOPS)).not.toThrow();
  });

  it('names the place and the shape of the input, never its values', async () => {
    const input = { patient: { name: 'Ada Lovelace', born: 1815 }, tests: [{ code: 'HIV' }] };
    for (const source of [
      'patient.name - 1',
      '$number(patient.name)',
      '$error(patient.name)',
      '$assert(false, patient.name)',
      'patient.name()',
    ]) {
      const error = await failureOf(source, input);
      expect(error).toMatchObject({
        code: 'EXPRESSION_FAILED',
        stage: 'map',
        details: { position: expect.any(Number) },
      });
      const text = JSON.stringify(error) + String(error);
      expect(text).toContain('patient: { name: string, born: number }, tests: array(1) of { code: string }');
      for (const value of ['Ada', 'Lovelace', '1815', 'HIV']) expect(text).not.toContain(value);
    }
  });

  it("shows the author's own message", async () => {
    expect(String(await failureOf('$assert($exists(mrn), "the patient has no MRN")'))).toContain(
      'the patient has no MRN',
    );
  });

  it('rejects a source that cannot be parsed', async () => {
    expect(await failureOf('1 +')).toBeInstanceOf(ExpressionSyntaxError);
  });

  it.each([
    ['a loop', LOOPS, 'time'],
    ['a hang', HANGS, 'time'],
    ['a catastrophic date picture', '$toMillis($pad("", 60, "1") & "x", $pad("", 36, "[f]"))', 'time'],
    ['recursion', '($f := function($n) { 1 + $f($n + 1) }; $f(0))', 'depth'],
    ['memory', EATS_MEMORY, 'memory'],
    ['memory in long strings', '($s := $join([1..100].$pad("", 10000, "é")); [1..100].$uppercase($s))', 'memory'],
    [
      'a structure that refers to itself a million times',
      '$string($reduce([1..26], function($a, $i) { { "a": $a, "b": $a } }, {}))',
      expect.stringMatching(/memory|time/),
    ],
    ['a large result', '($s := $join([1..100].$pad("", 10000, "x")); [$s,$s,$s,$s,$s,$s,$s,$s,$s])', 'output'],
    ['a result that unfolds', '$reduce([1..40], function($a, $i) { { "a": $a, "b": $a } }, {})', 'output'],
  ])(
    'ends %s',
    async (_what, source, limit) => {
      // Only what is meant to run out of time gets little of it: on a busy machine the others would run out first.
      const error = await failureOf(source, {}, limit === 'time' ? 1_000 : 20_000);
      expect(error).toBeInstanceOf(ExpressionLimitError);
      expect(error).toMatchObject({ code: 'EXPRESSION_LIMIT', limit, temporary: false });
    },
    30_000,
  );

  it('refuses an input that is too large', async () => {
    expect(await failureOf('1', { text: 'x'.repeat(5 * 1024 * 1024) })).toMatchObject({ limit: 'input' });
  });

  it('reads the worst input that it accepts', async () => {
    const error = await failureOf('1', JSON.parse(`[${'[],'.repeat(1_390_000)}[]]`), 5_000);
    expect(error).toEqual(expect.objectContaining(error instanceof Error ? { limit: 'memory' } : { result: 1 }));
  });

  it('does not count the start of its thread, which a busy machine makes long', async () => {
    const cold = new ExpressionSandbox({ graceMs: 0 });
    // Less than a thread takes to start, and far more than this takes once it has.
    expect(await cold.evaluate('1 + 1', {}, { timeoutMs: START_TAKES_LONGER_MS })).toBe(2);
    expect(await cold.evaluate(HANGS, {}, { timeoutMs: 400 }).catch((error: unknown) => error)).toMatchObject({
      limit: 'time',
    });
    await cold.close();
  });

  it('keeps others going while bad ones die', async () => {
    const bad = [EATS_MEMORY, HANGS, LOOPS].map((source) => failureOf(source));
    const good = Array.from({ length: 200 }, (_, i) =>
      sandbox.evaluate('$sum(values)', { values: [i, 1] }, { timeoutMs: 5_000, owner: `t${i % 5}` }),
    );
    expect(await Promise.all(good)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    for (const error of await Promise.all(bad)) expect(error).toBeInstanceOf(ExpressionLimitError);
    expect(await sandbox.evaluate('1 + 1', {})).toBe(2);
  });

  it('lets an owner with hanging expressions hold up nobody else', async () => {
    const hanging = Array.from({ length: 4 }, () =>
      sandbox.evaluate(HANGS, {}, { owner: 'bad', timeoutMs: 2_000 }).catch(() => 'ended'),
    );
    const first = await Promise.race([sandbox.evaluate('"good"', {}, { owner: 'good', timeoutMs: 5_000 }), ...hanging]);
    expect(first).toBe('good');
    await Promise.all(hanging);
  });

  it('leaves the event loop free', async () => {
    const ended = failureOf(HANGS).then(() => 'ended');
    let ticks = 0;
    while ((await Promise.race([ended, delay(5)])) !== 'ended') ticks += 1;
    // The evaluation took 900 ms: a loop that was blocked would have seen one tick.
    expect(ticks).toBeGreaterThan(10);
  });

  it('gives up for its caller, waiting or running', async () => {
    const reason = new Error('no longer wanted');
    const stop = new AbortController();
    const running = [1, 2, 3].map(() =>
      sandbox.evaluate(HANGS, {}, { timeoutMs: 10_000, signal: stop.signal, owner: 'x' }),
    );
    await delay(100);
    stop.abort(reason);
    for (const result of await Promise.allSettled(running)) expect(result).toEqual({ status: 'rejected', reason });
    await expect(sandbox.evaluate('1', {}, { signal: stop.signal })).rejects.toBe(reason);
    expect(await sandbox.evaluate('1', {}, { timeoutMs: 5_000 })).toBe(1);
  });

  it('refuses what no longer fits its queue', async () => {
    const narrow = new ExpressionSandbox({ maxThreads: 1, maxQueue: 3 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => narrow.evaluate('1', {})));
    await narrow.close();
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'EXPRESSION_LIMIT', limit: 'queue', temporary: true } });
  });

  it('rejects what runs, waits or comes when it is closed', async () => {
    const closing = new ExpressionSandbox({ maxThreads: 1 });
    const pending = [HANGS, '1'].map((source) =>
      closing.evaluate(source, {}, { timeoutMs: 5_000 }).catch((error: unknown) => error),
    );
    await delay(100);
    await closing.close();
    for (const error of await Promise.all(pending)) expect(error).toMatchObject({ limit: 'stopped', temporary: true });
    await expect(closing.evaluate('1', {})).rejects.toMatchObject({ limit: 'stopped' });
  });
});
