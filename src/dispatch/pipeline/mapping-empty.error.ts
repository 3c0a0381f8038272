import { WaybillError } from '../../common/waybill.error.js';

export class MappingEmptyError extends WaybillError {
  readonly code = 'MAPPING_EMPTY';
  readonly stage = 'map';
  readonly remedy =
    'Correct the mapping of the integration: check the paths it starts from (data, context, action), then retry the log.';

  constructor() {
    super('The mapping gave nothing to send');
  }
}
