import { WaybillError } from '../../common/waybill.error.js';

/** What is stored of a request is damaged, or was encrypted by another key of the same id. */
export class RequestUnreadableError extends WaybillError {
  readonly code = 'REQUEST_UNREADABLE';
  readonly stage = 'config';
  readonly remedy =
    'If the bytes of a secret key were changed under its id, set them back and retry the log; otherwise ask the vendor to send it again.';

  constructor(logId: string, cause: unknown) {
    super(`The stored request of log ${logId} cannot be read`, { details: { logId }, cause });
  }
}
