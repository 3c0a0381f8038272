import { types } from 'node:util';
import { isRecord } from '../../common/primitives.js';
import type { CallEnd } from './call-end.js';

/** What a generator method answers with, of either kind. */
export const isGenerator = (value: unknown): value is object => types.isGeneratorObject(value);

const STEPS = ['next', 'return', 'throw'] as const;

/**
 * Each step of a generator runs within the call's scope; its end, or its reader's leaving, ends the call with what it gave
 * last. The very generator is handed back.
 */
export function observeGenerator(generator: object, end: CallEnd): void {
  let last: unknown;
  const took = (step: unknown) => {
    if (!isRecord(step)) return;
    if (step['done'] !== true) last = step['value'];
    else end.succeeded(step['value'] ?? last);
  };
  for (const name of STEPS) {
    const original: unknown = Reflect.get(generator, name);
    if (typeof original !== 'function') continue;
    const observed = (...args: unknown[]): unknown => {
      try {
        const step: unknown = end.within(() => Reflect.apply(original, generator, args));
        if (types.isPromise(step)) void step.then(took, (error: unknown) => end.failed(error));
        else took(step);
        return step;
      } catch (error) {
        end.failed(error);
        throw error;
      }
    };
    Object.defineProperty(generator, name, { value: observed, configurable: true, writable: true });
  }
}
