import { isRecord } from './primitives.js';

/** What stands at a path of names joined by dots (`data.token`, `items.0.value`); `undefined` where it leads to nothing. */
export function valueAt(root: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        (isRecord(value) || Array.isArray(value)) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
      root,
    );
}
