import { WaybillError } from '../common/waybill.error.js';

export class InsightsBusyError extends WaybillError {
  readonly code = 'INSIGHTS_BUSY';
  readonly stage = 'record';
  readonly remedy = 'Try again in a minute; while a worker is busy with a large backlog, stop the workers or wait.';

  constructor() {
    super('The logs are being summed up by somebody else');
  }
}
