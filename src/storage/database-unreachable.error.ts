import { WaybillError } from '../common/waybill.error.js';

export class DatabaseUnreachableError extends WaybillError {
  readonly code = 'DATABASE_UNREACHABLE';
  readonly stage = 'boot';
  readonly remedy = 'Start MongoDB, or correct mongodb.uri (MONGODB_URI of the server).';

  constructor(cause: unknown) {
    super(`MongoDB cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
