import { WaybillError } from '../common/waybill.error.js';

export class CatalogueError extends WaybillError {
  readonly code = 'CATALOGUE_INVALID';
  readonly stage = 'boot';
  readonly remedy = 'Correct every fault that is listed; each names the class or the action it is about.';

  constructor(faults: readonly string[]) {
    super(
      `Waybill cannot start, the action catalogue has ${faults.length} fault(s):\n${faults.map((f) => `  - ${f}`).join('\n')}`,
      {
        details: { faults },
      },
    );
  }
}
