import type { ProcessId } from '../../common/ids.js';
import { defineCollection } from '../../storage/collection.js';

/** A process that makes calls of decorated methods. */
export interface CallProcess {
  _id: ProcessId;
  /** Grows for as long as the process lives. Nobody compares clocks: whoever watches looks whether it still grows. */
  beats: number;
  startedAt: Date;
}

export const CALL_PROCESSES = defineCollection<CallProcess>({
  name: 'call_processes',
  fields: {
    _id: String,
    beats: { type: Number, required: true },
    startedAt: { type: Date, required: true },
  },
  indexes: [],
});
