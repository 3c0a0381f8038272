import type { ErrorClass } from '../common/error-class.js';
import type { Execution } from '../logging/log-entry.js';
import type { SlotOutcome } from '../scheduling/admission.js';

/** A vendor that asks for longer than this is asked again after it: the header may be meant for one record only. */
const MAX_COOL_MS = 300_000;

/** What a failed try says of the vendor's health: faults of ours, or of the data, say nothing against it. */
const KIND_OF: Readonly<Record<ErrorClass, SlotOutcome['kind']>> = {
  transient: 'failed',
  throttled: 'cool',
  auth: 'ok',
  rejected: 'ok',
  gone: 'ok',
  intent: 'parked',
  config: 'parked',
  unknown: 'parked',
};

export function slotOutcomeOf({ attempt: { errorClass }, askedWaitMs = 0 }: Execution): SlotOutcome {
  const kind = errorClass === null ? 'ok' : KIND_OF[errorClass];
  if (kind !== 'cool') return { kind };
  return { kind, forMs: Math.min(MAX_COOL_MS, askedWaitMs) };
}
