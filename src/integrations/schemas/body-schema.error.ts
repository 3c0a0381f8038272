import { WaybillError } from '../../common/waybill.error.js';
import type { SchemaFault } from './schema-task.js';

/** A body that does not meet the schema of its integration or source. It names paths and rules, never values. */
export class BodySchemaError extends WaybillError {
  readonly code = 'BODY_SCHEMA_FAILED';
  readonly stage = 'map';
  readonly remedy = 'Correct what the body is made of, or its schema, then retry the log.';

  constructor(
    readonly faults: readonly SchemaFault[],
    faultCount: number,
  ) {
    const more = faultCount > faults.length ? `; and ${faultCount - faults.length} more` : '';
    const named = faults.map(({ place, rule }) => `${place === '' ? '(body)' : place} ${rule}`).join('; ');
    super(`The body does not meet its schema: ${named}${more}`, { details: { faults, faultCount } });
  }
}
