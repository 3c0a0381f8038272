import type { FieldFault } from './field-fault.js';
import { WaybillError } from './waybill.error.js';

/** What a check that throws says of a field: nothing where it passes. An error that is not ours is thrown on. */
export function faultOf(field: string, check: () => unknown): FieldFault[] {
  try {
    check();
    return [];
  } catch (error) {
    return [faultIn(field, error)];
  }
}

export function faultIn(field: string, error: unknown): FieldFault {
  if (error instanceof WaybillError)
    return { field, expected: `${error.message}. ${error.remedy}`, received: 'string' };
  throw error;
}
