import { WaybillError } from '../../common/waybill.error.js';

export class FailureGroupUnknownError extends WaybillError {
  readonly code = 'FAILURE_GROUP_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Use a group that GET /v1/failure-groups lists for this tenant.';

  constructor(id: string) {
    super(`There is no failure group ${id}`, { details: { groupId: id } });
  }
}
