/** What a conformance suite needs of a test runner: jest, vitest, mocha and `node:test` all have it. */
export interface TestRunner {
  describe(name: string, suite: () => void): unknown;
  it(name: string, test: () => void | Promise<void>): unknown;
}

/**
 * The runner whose `describe` and `it` are global.
 * @throws Error where there is none: then hand one over, such as `{ describe, it }` of `node:test`.
 */
export function globalTestRunner(): TestRunner {
  const describe: unknown = Reflect.get(globalThis, 'describe');
  const it: unknown = Reflect.get(globalThis, 'it');
  if (!isCallable(describe) || !isCallable(it))
    throw new Error(
      'There is no global describe and it: pass { describe, it } of your test runner as the last argument',
    );
  return { describe: (name, suite) => describe(name, suite), it: (name, test) => it(name, test) };
}

const isCallable = (value: unknown): value is (...args: unknown[]) => unknown => typeof value === 'function';
