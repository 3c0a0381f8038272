import type { ErrorClass } from '../../common/error-class.js';

export interface FailVerdict {
  readonly outcome: 'fail' | 'unknown';
  readonly errorClass: ErrorClass;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly remedy: string | null;
  /** Overrules what the class says about another try. */
  readonly retryable?: boolean;
  readonly retryAfterMs: number | null;
}

/** How a try ended. */
export type Verdict =
  | {
      readonly outcome: 'success';
      /** Why the integration is switched off all the same. */
      readonly disables?: string;
    }
  | FailVerdict;
