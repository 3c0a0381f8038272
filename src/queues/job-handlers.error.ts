import { WaybillError } from '../common/waybill.error.js';

export class JobHandlersError extends WaybillError {
  readonly code = 'JOB_HANDLERS_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Give every job in queues/jobs.ts exactly one provider method with @JobHandler.';

  constructor(faults: readonly string[]) {
    super(`Waybill's workers cannot start: ${faults.join('; ')}`, { details: { faults } });
  }
}
