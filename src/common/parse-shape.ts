import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import type { FieldFault } from './field-fault.js';
import { isRecord, kindOf } from './primitives.js';

export type ParsedShape<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: FieldFault[] };

/**
 * Reads an untrusted value as a class-validator class: missing, mistyped and unknown fields are all reported at once.
 * Types are not converted: `"1"` is no number.
 */
export function parseShape<T extends object>(shape: ClassConstructor<T>, input: unknown, path = ''): ParsedShape<T> {
  if (!isRecord(input)) {
    return { ok: false, faults: [{ field: path || 'body', expected: 'must be an object', received: kindOf(input) }] };
  }
  const value = plainToInstance(shape, input, { exposeDefaultValues: true });
  const errors = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  return errors.length === 0 ? { ok: true, value } : { ok: false, faults: errors.flatMap((e) => faultsOf(e, path)) };
}

function faultsOf(error: ValidationError, path: string): FieldFault[] {
  const field = path === '' ? error.property : `${path}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    expected:
      rule === 'whitelistValidation' ? 'is not a known field; remove it' : withoutProperty(message, error.property),
    received: error.value === undefined ? 'missing' : kindOf(error.value),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, field))];
}

/** class-validator starts its messages with the property's bare name, which the path replaces. */
const withoutProperty = (message: string, property: string) =>
  message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
