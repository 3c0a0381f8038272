export type Primitive = string | number | boolean | null;

/** A validated context as it is stored and handed to an intent: ids and primitives, never personal data. */
export type ContextData = Readonly<Record<string, Primitive>>;

export const isPrimitive = (value: unknown): value is Primitive =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The kind of a value as an error message names it: `null`, `array`, `NaN`, `Invalid Date`, or its typeof. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Date && Number.isNaN(value.getTime())) return String(value);
  return typeof value;
}
