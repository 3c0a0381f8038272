import { AsyncResource } from 'node:async_hooks';
import { types } from 'node:util';
import { isRecord } from '../../common/primitives.js';
import type { CallEnd } from './call-end.js';

type Callback = (value: unknown) => unknown;
type Then = (fulfilled?: unknown, rejected?: unknown) => unknown;

export interface Thenable {
  then: Then;
}

export const isThenable = (value: unknown): value is Thenable =>
  (isRecord(value) || typeof value === 'function') && typeof Reflect.get(value, 'then') === 'function';

/** A promise whose work is under way: to look at it starts nothing. A subclass with a `then` of its own may be lazy. */
export const isPlainPromise = (value: unknown): value is Promise<unknown> =>
  types.isPromise(value) && !(value instanceof Promise && value.then !== Promise.prototype.then);

/** Whose calls answered with a thenable that has not settled: an object can be answered with more than once. */
const watched = new WeakMap<Thenable, Set<CallEnd>>();

/**
 * Watches a thenable that is no plain promise, such as a query that runs only once somebody waits for it: it is left alone
 * until the caller does. The very object is handed back, so that it can still be built upon.
 */
export function observeThenable(thenable: Thenable, end: CallEnd): void {
  const known = watched.get(thenable);
  if (known) return void known.add(end);
  const ends = new Set([end]);
  const original = thenable.then;
  const within = <T>(run: () => T): T => end.within(run);
  const then = function (this: unknown, fulfilled?: unknown, rejected?: unknown): unknown {
    const succeed = settling(fulfilled, ends, (one, value) => one.succeeded(value));
    const fail = settling(rejected, ends, (one, error) => one.failed(error), true);
    return within(() => Reflect.apply(original, this, [succeed, fail]));
  };
  Object.defineProperties(thenable, {
    then: hidden(then),
    ...('catch' in thenable ? { catch: hidden((rejected: unknown) => then.call(thenable, undefined, rejected)) } : {}),
    ...execOf(thenable, ends, within),
  });
  watched.set(thenable, ends);
}

const hidden = (value: unknown): PropertyDescriptor => ({
  value,
  configurable: true,
  writable: true,
  enumerable: false,
});

/** The callback as the caller gave it, in the caller's own scope, after the ends were told. */
function settling(
  callback: unknown,
  ends: Set<CallEnd>,
  tell: (end: CallEnd, value: unknown) => void,
  throws = false,
): Callback {
  const tellAll = (value: unknown) => {
    for (const end of ends) tell(end, value);
    ends.clear();
  };
  return AsyncResource.bind((value: unknown): unknown => {
    tellAll(value);
    if (typeof callback === 'function') return Reflect.apply(callback, undefined, [value]);
    if (throws) throw value;
    return value;
  });
}

/** mongoose's queries run by `exec()` too. */
function execOf(thenable: Thenable, ends: Set<CallEnd>, within: CallEnd['within']): PropertyDescriptorMap {
  const exec: unknown = Reflect.get(thenable, 'exec');
  if (typeof exec !== 'function') return {};
  const observed = function (this: unknown, ...args: unknown[]): unknown {
    const result: unknown = within(() => Reflect.apply(exec, this, args));
    if (isPlainPromise(result)) {
      for (const end of ends) observePromise(result, end);
    }
    return result;
  };
  return { exec: hidden(observed) };
}

/** The very promise stays the caller's: no other timing, class or extra properties. */
export function observePromise(promise: Promise<unknown>, end: CallEnd): void {
  void Promise.prototype.then.call(
    promise,
    (result: unknown) => end.succeeded(result),
    (error: unknown) => end.failed(error),
  );
}
