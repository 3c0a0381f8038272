import { WaybillError } from '../common/waybill.error.js';

export class ActionExistsError extends WaybillError {
  readonly code = 'ACTION_EXISTS';
  readonly stage = 'request';
  readonly remedy = 'Choose an id and a name that GET /v1/actions does not list.';

  constructor(id: number, name: string) {
    super(`There is an action with id ${id} or name "${name}" already`, { details: { id, name } });
  }
}
