import jsonata from 'jsonata';
import { EXPRESSION_LIMITS } from './expression-limits.js';
import { LimitReachedError } from './limit-reached.error.js';

/** Every function that JSONata 2.2 shares between all expressions of a process. */
export const SHARED_BUILT_INS = [
  ...['sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore', 'substringAfter', 'lowercase'],
  ...['uppercase', 'length', 'trim', 'pad', 'match', 'contains', 'replace', 'split', 'join', 'formatNumber'],
  ...['formatBase', 'formatInteger', 'parseInteger', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power'],
  ...['random', 'boolean', 'not', 'map', 'zip', 'filter', 'single', 'reduce', 'sift', 'keys', 'lookup', 'append'],
  ...['exists', 'spread', 'merge', 'reverse', 'each', 'error', 'assert', 'type', 'sort', 'shuffle', 'distinct'],
  ...['base64encode', 'base64decode', 'encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'eval'],
  ...['toMillis', 'fromMillis', 'clone'],
];

type Implementation = (this: unknown, ...args: unknown[]) => unknown;

interface BuiltIn {
  implementation: Implementation;
  readonly signature: object;
}

const { stringLength, sequenceLength, pictureLength, width } = EXPRESSION_LIMITS;

function requireString(value: unknown): void {
  if (typeof value === 'string' && value.length > stringLength) {
    throw new LimitReachedError('string', `A string grew past ${stringLength} characters`);
  }
}

function requireResult(value: unknown): unknown {
  requireString(value);
  if (Array.isArray(value) && value.length > sequenceLength) {
    throw new LimitReachedError('sequence', `A sequence grew past ${sequenceLength} items`);
  }
  return value;
}

/** Widths stand behind a comma or a dash, as in `[Y,4-4]`; white space within them has no meaning. */
function requirePicture(picture: unknown): void {
  if (typeof picture !== 'string') return;
  const widths = picture.replace(/\s+/g, '').match(/(?<=[,-])\d+/g) ?? [];
  if (picture.length > pictureLength || widths.some((digits) => Number(digits) > width)) {
    throw new LimitReachedError('picture', `A picture string is longer than ${pictureLength} or wider than ${width}`);
  }
}

function requireJoined(parts: unknown, separator: unknown): void {
  if (!Array.isArray(parts)) return;
  const separatorLength = typeof separator === 'string' ? separator.length : 0;
  const length = parts.reduce<number>((sum, part) => sum + String(part).length + separatorLength, 0);
  if (length > stringLength) throw new LimitReachedError('string', `A string grew past ${stringLength} characters`);
}

function requireWidth(value: unknown): void {
  if (typeof value === 'number' && Math.abs(value) > width) {
    throw new LimitReachedError('string', `$pad is limited to a width of ${width}`);
  }
}

/** What is checked before a function runs, beyond the length of its strings: those that grow more than they are given. */
const BEFORE: Readonly<Record<string, (...args: unknown[]) => void>> = {
  pad: (_text, wanted) => requireWidth(wanted),
  join: (parts, separator) => requireJoined(parts, separator),
  fromMillis: (_millis, picture) => requirePicture(picture),
  toMillis: (_text, picture) => requirePicture(picture),
  formatInteger: (_value, picture) => requirePicture(picture),
  parseInteger: (_text, picture) => requirePicture(picture),
  formatNumber: (_value, picture) => requirePicture(picture),
  eval: () => {
    throw new Error('$eval is off');
  },
};

function guard(name: string, original: Implementation): Implementation {
  const before = BEFORE[name];
  const guarded: Implementation = function (...args) {
    args.forEach(requireString);
    before?.(...args);
    const result = original.apply(this, args);
    return result instanceof Promise ? result.then(requireResult) : requireResult(result);
  };
  // JSONata reads a function's arity, and for partial application its parameters' names from its text.
  const text = original.toString();
  return Object.defineProperties(guarded, { length: { value: original.length }, toString: { value: () => text } });
}

function deepFreeze(value: unknown): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
}

/**
 * JSONata's functions are objects that its transform operator can change, for every later expression of the process:
 * `$ ~> | $sum | {"implementation": $f} |`. After this they are fixed but for the two fields that JSONata itself writes.
 */
function lock(builtIn: BuiltIn): void {
  deepFreeze(builtIn.implementation);
  deepFreeze(builtIn.signature);
  for (const key of Object.keys(builtIn)) Object.defineProperty(builtIn, key, { writable: false, configurable: false });
  Object.assign(builtIn, { token: undefined, position: undefined });
  Object.preventExtensions(builtIn);
}

async function guardAll(): Promise<ReadonlyMap<string, BuiltIn>> {
  const guarded = new Map<string, BuiltIn>();
  for (const name of SHARED_BUILT_INS) {
    const builtIn: BuiltIn = await jsonata(`$${name}`).evaluate(undefined);
    builtIn.implementation = guard(name, builtIn.implementation);
    lock(builtIn);
    guarded.set(name, builtIn);
  }
  return guarded;
}

let all: Promise<ReadonlyMap<string, BuiltIn>> | undefined;

/** Bounds and locks JSONata's shared functions, once in a thread; awaited before anything is evaluated there. */
export const guardBuiltIns = () => (all ??= guardAll());
