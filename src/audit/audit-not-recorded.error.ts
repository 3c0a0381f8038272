import { WaybillError } from '../common/waybill.error.js';

export class AuditNotRecordedError extends WaybillError {
  readonly code = 'AUDIT_NOT_RECORDED';
  readonly stage = 'request';
  readonly remedy = 'Nothing was done. Try again in some seconds; if it goes on, have the operator look after MongoDB.';

  constructor(what: string, cause: unknown) {
    super(`${what} was refused, because it could not be written into the audit log`, { cause });
  }
}
