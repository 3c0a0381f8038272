import type { FailVerdict } from '../../dispatch/pipeline/verdict.js';
import { WaybillError } from '../../common/waybill.error.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';

/** The host answered a forwarded webhook with something that is no success. */
export class ForwardRefusedError extends WaybillError {
  readonly code = 'FORWARD_REFUSED';
  readonly stage = 'send';
  readonly remedy = 'See what the host answered, correct it there, then retry the log.';

  constructor(
    readonly verdict: FailVerdict,
    readonly answer: HandlerAnswer,
  ) {
    super(`The host answered ${answer.status}`, { details: { status: answer.status } });
  }
}
