import { isRecord, kindOf } from '../../common/primitives.js';

/** Nesting, keys per object and characters that a shape shows. */
const MAX_DEPTH = 4;
const MAX_KEYS = 20;
const MAX_LENGTH = 1_000;

/** The keys and types of a value without its contents: `{ patientId: string, visits: array(2) of { at: string } }`. */
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
  const shown = keys.slice(0, MAX_KEYS).map((key) => `${key}: ${describe(value[key], depth + 1)}`);
  if (keys.length > MAX_KEYS) shown.push(`… ${keys.length - MAX_KEYS} more`);
  return `{ ${shown.join(', ')} }`;
}

function describeArray(value: readonly unknown[], depth: number): string {
  const [first] = value;
  if (first === undefined || depth >= MAX_DEPTH) return `array(${value.length})`;
  return `array(${value.length}) of ${describe(first, depth + 1)}`;
}
