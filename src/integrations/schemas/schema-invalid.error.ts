import { WaybillError } from '../../common/waybill.error.js';
import type { SchemaFault } from './schema-task.js';

/** A schema that cannot be used. */
export class SchemaInvalidError extends WaybillError {
  readonly code = 'SCHEMA_INVALID';
  readonly stage = 'config';
  readonly remedy =
    'Correct it there; schemas are JSON Schema 2020-12 without unknown keywords, without references to other documents, and with regular expressions of RE2.';

  constructor([first, ...others]: readonly SchemaFault[]) {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    super(`The schema cannot be used: #${first?.place ?? ''} ${first?.rule ?? ''}${more}`, {
      details: { faults: [first, ...others] },
    });
  }
}
