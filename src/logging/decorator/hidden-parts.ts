import { isRecord } from '../../common/primitives.js';
import { REDACTED } from '../../common/redaction.js';
import type { CallRedaction } from './integration-logger.options.js';

const normalised = (name: string) => name.toLowerCase().replace(/[-_.\s]/g, '');

/** Hides what the options of a decorated method name, in data that is JSON already and its own copy. */
export class HiddenParts {
  private readonly names: ReadonlySet<string>;
  private readonly paths: readonly (readonly string[])[];

  constructor({ names = [], paths = [] }: CallRedaction = {}) {
    this.names = new Set(names.map(normalised));
    this.paths = paths.map((path) => path.split('.'));
  }

  hidesName(name: string): boolean {
    return this.names.has(normalised(name));
  }

  /** Changes `parts`, whose keys are what the paths begin with. */
  hideIn(parts: Record<string, unknown>): void {
    for (const path of this.paths) hideAt(parts, path);
    if (this.names.size > 0) this.hideNames(parts);
  }

  private hideNames(value: unknown): void {
    if (!isContainer(value)) return;
    for (const key of Object.keys(value)) {
      if (this.hidesName(key)) Reflect.set(value, key, REDACTED);
      else this.hideNames(Reflect.get(value, key));
    }
  }
}

const isContainer = (value: unknown): value is object => isRecord(value) || Array.isArray(value);

function hideAt(value: unknown, [step = '', ...rest]: readonly string[]): void {
  if (!isContainer(value)) return;
  const keys = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
  for (const key of keys) {
    if (rest.length === 0) Reflect.set(value, key, REDACTED);
    else hideAt(Reflect.get(value, key), rest);
  }
}
