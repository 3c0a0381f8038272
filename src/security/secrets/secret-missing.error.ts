import { WaybillError } from '../../common/waybill.error.js';

export class SecretMissingError extends WaybillError {
  readonly code = 'SECRET_MISSING';
  readonly stage = 'auth';
  readonly remedy = "Enter the integration's secret again, then retry the log.";

  constructor(id: string) {
    super(`There is no secret ${id}`, { details: { secretId: id } });
  }
}
