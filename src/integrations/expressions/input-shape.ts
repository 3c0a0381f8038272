import { isRecord, kindOf } from '../../common/primitives.js';

/** Nesting, keys per object, items per list and characters that a shape shows. */
const MAX_DEPTH = 4;
const MAX_KEYS = 20;
const MAX_ITEMS = 5;
const MAX_LENGTH = 1_000;

/** A key that a person would give a field. Others may be values: the ids or names of patients, as keys of a map. */
const FIELD_NAME = /^[A-Za-z_@$#](?:[A-Za-z_:.@$#-]|\d{1,2}(?!\d)){0,63}$/;

/**
 * The keys and types of a value without its contents: `{ patientId: string, visits: array(2) of { at: string } | null }`.
 * The kinds among the first items of a list are all named; keys that do not look like fields are only counted.
 */
export function shapeOf(value: unknown): string {
  const shape = describe(value, 0);
  return shape.length > MAX_LENGTH ? `${shape.slice(0, MAX_LENGTH)}…` : shape;
}

function describe(value: unknown, depth: number): string {
  if (Array.isArray(value)) return describeArray(value, depth);
  if (!isRecord(value)) return kindOf(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return '{}';
  if (depth >= MAX_DEPTH) return 'object';
  const fields = keys.filter((key) => FIELD_NAME.test(key));
  const shown = fields.slice(0, MAX_KEYS).map((key) => `${key}: ${describe(value[key], depth + 1)}`);
  if (fields.length > MAX_KEYS) shown.push(`… ${fields.length - MAX_KEYS} more`);
  const others = keys.filter((key) => !FIELD_NAME.test(key));
  const kinds = new Set(others.slice(0, MAX_ITEMS).map((key) => describe(value[key], depth + 1)));
  if (others.length > 0) shown.push(`(${others.length} other keys): ${[...kinds].join(' | ')}`);
  return `{ ${shown.join(', ')} }`;
}

function describeArray(value: readonly unknown[], depth: number): string {
  if (value.length === 0 || depth >= MAX_DEPTH) return `array(${value.length})`;
  const kinds = new Set(value.slice(0, MAX_ITEMS).map((item) => describe(item, depth + 1)));
  return `array(${value.length}) of ${[...kinds].join(' | ')}`;
}
