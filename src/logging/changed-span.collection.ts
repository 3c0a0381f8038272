import { defineCollection } from '../storage/collection.js';
import type { LogSpan } from './log-span.js';

/** Says that logs of a span were written in a minute. */
export interface ChangedSpan extends LogSpan {
  /** Begins with the minute: the order of the ids is that of time. */
  readonly _id: string;
  /** The minute by the clock of who wrote. */
  readonly minute: Date;
}

export const CHANGED_SPANS = defineCollection<ChangedSpan>({
  name: 'changed_spans',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    integrationId: { type: String, default: null },
    from: { type: Date, required: true },
    minute: { type: Date, required: true },
  },
  indexes: [],
});
