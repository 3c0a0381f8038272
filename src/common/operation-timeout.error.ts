import { WaybillError } from './waybill.error.js';

export class OperationTimeoutError extends WaybillError {
  readonly code = 'OPERATION_TIMEOUT';
  readonly stage = 'record';
  readonly remedy = 'Try again; if it goes on, look at MongoDB and the way to it.';

  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms`, { details: { timeoutMs } });
  }
}
