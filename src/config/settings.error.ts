import { describeFaults, type FieldFault } from '../common/field-fault.js';
import { WaybillError } from '../common/waybill.error.js';

export class SettingsError extends WaybillError {
  readonly code = 'SETTINGS_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Correct the settings that are named; docs/settings.md lists every one with its default.';

  constructor(faults: readonly FieldFault[]) {
    super(`Waybill cannot start with these settings: ${describeFaults(faults)}`, { details: { faults } });
  }
}
