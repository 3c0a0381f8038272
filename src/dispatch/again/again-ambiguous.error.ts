import { WaybillError } from '../../common/waybill.error.js';

export class AgainAmbiguousError extends WaybillError {
  readonly code = 'AGAIN_AMBIGUOUS';
  readonly stage = 'emit';
  readonly remedy = 'Give every field of the context of the record that is meant; GET /v1/logs shows them.';

  constructor(count: number, actionName: string) {
    super(`${count} different records of "${actionName}" have these context ids`);
  }
}
