import { WaybillError } from '../common/waybill.error.js';
import type { IndexFault } from './index-faults.js';

export class IndexesNotCurrentError extends WaybillError {
  readonly code = 'INDEXES_NOT_CURRENT';
  readonly stage = 'boot';
  readonly remedy =
    'Run `npm run db -- up` before the start; for an installed package `npx waybill-db up`, in the image `node dist/db.cli.js up`.';

  constructor(faults: readonly IndexFault[]) {
    const named = faults.map(({ kind, collection, index }) => `${collection}.${index} is ${kind}`);
    super(`The indexes of the database are not those of this version: ${named.join(', ')}`, { details: { faults } });
  }
}
