import type { FailVerdict } from '../../dispatch/pipeline/verdict.js';
import { WaybillError } from '../../common/waybill.error.js';

/** The host answered a forwarded webhook with something that is no success. */
export class ForwardRefusedError extends WaybillError {
  readonly code = 'FORWARD_REFUSED';
  readonly stage = 'send';
  readonly remedy = 'See what the host answered, correct it there, then retry the log.';

  constructor(
    readonly verdict: FailVerdict,
    readonly status: number,
  ) {
    super(`The host answered ${status}`, { details: { status } });
  }
}
