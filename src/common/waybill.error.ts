/** Where in the way of an event something went wrong. */
export type ErrorStage =
  | 'boot'
  | 'config'
  | 'request'
  | 'emit'
  | 'intent'
  | 'map'
  | 'attach'
  | 'auth'
  | 'send'
  | 'record'
  | 'retry'
  | 'callback';

/**
 * The root of every error that Waybill raises. The message says what happened and to what; `remedy` says what to do
 * next; code reads `code`, `stage` and `details`, never the message. None of them holds a secret or personal data.
 */
export abstract class WaybillError extends Error {
  /** Stable and machine-readable, such as `VENDOR_TIMEOUT`. */
  abstract readonly code: string;
  abstract readonly stage: ErrorStage;
  /** What a person can do about it, in one sentence. */
  abstract readonly remedy: string;
  /** When whoever asked may ask again, where that is known better than by the code alone. */
  readonly retryAfterSeconds?: number;
  /** Facts that are safe to show, such as the faulty fields. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: ErrorOptions & { details?: Readonly<Record<string, unknown>> } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.details = options.details ?? {};
  }
}
