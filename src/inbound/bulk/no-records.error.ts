import { WaybillError } from '../../common/waybill.error.js';

export class NoRecordsError extends WaybillError {
  readonly code = 'RECORDS_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Ask for the log of a webhook whose source takes files of records, once the work on it has begun.';

  constructor(logId: string) {
    super(`There are no records of log ${logId}`, { details: { logId } });
  }
}
