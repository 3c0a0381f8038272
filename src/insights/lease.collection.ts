import { defineCollection } from '../storage/collection.js';

/** Who alone may do a piece of work, and until when. */
export interface LeaseDocument {
  readonly _id: string;
  readonly owner: string;
  readonly until: Date;
}

export const LEASES = defineCollection<LeaseDocument>({
  name: 'leases',
  fields: { _id: String, owner: { type: String, required: true }, until: { type: Date, required: true } },
  indexes: [],
});
