import { LimitReachedError } from './limit-reached.error.js';

const isFunction = (value: object) =>
  typeof value === 'function' || '_jsonata_lambda' in value || '_jsonata_function' in value;

const withoutFunctions = (_key: string, value: unknown) =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && isFunction(value) ? undefined : value;

/**
 * The result of an evaluation as JSON text, or undefined where the expression selected nothing. Functions are left out
 * of objects and become null in arrays; JSONata's flags on arrays are gone.
 * The size is counted before anything is written, since a small result may refer to one part a million times.
 */
export function plainResult(result: unknown, maxBytes: number): string | undefined {
  const hasFunctions = requireSize(result, maxBytes);
  const json: string | undefined = JSON.stringify(result, hasFunctions ? withoutFunctions : undefined);
  // Escapes make the text longer than what was counted.
  if (json !== undefined && Buffer.byteLength(json) > maxBytes) throw tooLarge(maxBytes);
  return json;
}

/** Answers whether there are functions in it. */
function requireSize(result: unknown, maxBytes: number): boolean {
  let bytes = 0;
  let hasFunctions = false;

  const count = (value: unknown): void => {
    bytes += typeof value === 'string' ? Buffer.byteLength(value) + 2 : 2;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    if (Array.isArray(value)) return value.forEach(count);
    if (isFunction(value)) hasFunctions = true;
    else countMembers(value);
  };

  const countMembers = (value: object): void => {
    for (const [key, member] of Object.entries(value)) {
      bytes += key.length + 3;
      count(member);
    }
  };

  count(result);
  return hasFunctions;
}

const tooLarge = (maxBytes: number) => new LimitReachedError('output', `The result is larger than ${maxBytes} bytes`);
