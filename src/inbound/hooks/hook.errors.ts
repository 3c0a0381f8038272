import { WaybillError } from '../../common/waybill.error.js';
import type { RateLimit } from '../../integrations/traffic.js';
import { UnreadRequestError } from './unread-request.error.js';

export class HookUnknownError extends WaybillError {
  readonly code = 'HOOK_UNKNOWN';
  readonly stage = 'request';
  readonly remedy = 'Use the address that the source was given; it may have been replaced since.';

  constructor() {
    super('Nothing takes webhooks at this address');
  }
}

/** It says nothing of what was wrong: who may know it finds it in the log, and on the page of the source. */
export class WebhookRefusedError extends WaybillError {
  readonly code = 'WEBHOOK_REFUSED';
  readonly stage = 'request';
  readonly remedy =
    'The page of this source, whose address you were given with it, says what was wrong with the request.';

  constructor() {
    super('The request could not be verified');
  }
}

/** As many bodies as this process may hold are being stored. */
export class HookBusyError extends UnreadRequestError {
  readonly code = 'HOOK_BUSY';
  readonly errorClass = 'transient';
  readonly remedy = 'Send it again later. For the operator: raise `limits.webhookBytes`, or start further processes.';

  constructor() {
    super('There is no room for its body now', 'there was no room for its body at that time');
  }
}

export class HookRateExceededError extends UnreadRequestError {
  readonly code = 'HOOK_RATE_EXCEEDED';
  readonly errorClass = 'throttled';
  override readonly retryAfterSeconds: number;
  readonly remedy = 'Send it again later, and fewer at a time.';

  /** `waitMs`: until the next call is taken. */
  constructor({ calls, per, burst }: RateLimit, waitMs: number) {
    const rate = `${shown(calls)} ${calls === 1 ? 'call' : 'calls'} a ${per}`;
    const atOnce = burst === 1 ? '' : ` (${shown(burst)} may come at once)`;
    super('The source takes fewer requests than that', `more than ${rate}${atOnce}`);
    this.retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  }
}

export class SourceClosedError extends WaybillError {
  readonly code = 'SOURCE_CLOSED';
  readonly stage = 'request';
  readonly remedy = 'Send it again later; the source has been switched off.';

  constructor() {
    super('The source is switched off');
  }
}

export class VerificationUnavailableError extends WaybillError {
  readonly code = 'VERIFICATION_UNAVAILABLE';
  readonly stage = 'request';
  readonly remedy = 'Send it again later.';

  constructor() {
    super('What the request is verified by cannot be had now');
  }
}

/** Nothing durable could take it. */
export class WebhookNotRecordedError extends WaybillError {
  readonly code = 'WEBHOOK_NOT_RECORDED';
  readonly stage = 'record';
  readonly remedy = 'Send it again later.';

  constructor(cause?: unknown) {
    super('The webhook could not be stored', { cause });
  }
}

const shown = (count: number) => count.toLocaleString('en');
