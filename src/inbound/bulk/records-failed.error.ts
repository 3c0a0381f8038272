import type { ErrorClass } from '../../common/error-class.js';
import { WaybillError } from '../../common/waybill.error.js';

/** Some records of a file failed; the others are done, and are not worked on again. */
export class RecordsFailedError extends WaybillError {
  readonly code = 'RECORDS_FAILED';
  readonly stage = 'request';
  readonly remedy = 'GET /v1/logs/:id/records lists them with their errors; a retry works on these only.';

  constructor(
    failed: number,
    total: number,
    /** `transient` where another try may help one of them. */
    readonly errorClass: Extract<ErrorClass, 'rejected' | 'transient'>,
  ) {
    super(`${failed} of ${total} records failed`, { details: { failed, total } });
  }
}
