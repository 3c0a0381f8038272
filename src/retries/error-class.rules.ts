import type { ErrorClass } from '../common/error-class.js';

export interface ErrorClassRule {
  /** Whether the delivery is tried again by itself while its policy has tries left. */
  readonly retried: boolean;
  /** Whether the integration is switched off, because the vendor wants no more. */
  readonly disables: boolean;
}

/** What happens next, by error class. The one table; nothing else in the code decides it. */
export const ERROR_CLASS_RULES: Readonly<Record<ErrorClass, ErrorClassRule>> = {
  transient: { retried: true, disables: false },
  throttled: { retried: true, disables: false },
  auth: { retried: false, disables: false },
  rejected: { retried: false, disables: false },
  gone: { retried: false, disables: true },
  intent: { retried: false, disables: false },
  config: { retried: false, disables: false },
  unknown: { retried: true, disables: false },
};
