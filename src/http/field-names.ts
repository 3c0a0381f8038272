import { isRecord } from '../common/primitives.js';

/** As settings are named. What looks otherwise may be a person's data in the wrong place. */
const NAME = /^[a-z][A-Za-z0-9]{0,39}$/;
const MAX_NAMES = 50;

/** The names of a body's fields and of their own fields (`endpoint.url`), sorted, without any value. */
export function fieldNamesOf(body: unknown): string[] {
  const names = Object.entries(named(body)).flatMap(([name, value]) => {
    const inner = Object.keys(named(value));
    return inner.length === 0 ? [name] : inner.map((field) => `${name}.${field}`);
  });
  return names.sort().slice(0, MAX_NAMES);
}

const named = (value: unknown): Record<string, unknown> =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => NAME.test(name))) : {};
