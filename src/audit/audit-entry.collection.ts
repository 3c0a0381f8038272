import { defineCollection } from '../storage/collection.js';
import type { AuditEntry } from './audit-entry.js';

export const AUDIT_ENTRIES = defineCollection<AuditEntry>({
  name: 'audit_entries',
  fields: {
    _id: String,
    chain: { type: String, required: true },
    seq: { type: Number, required: true },
    at: { type: Date, required: true },
    who: { type: Object, required: true },
    from: { type: String, default: null },
    what: { type: String, required: true },
    subject: { type: Object, required: true },
    why: { type: String, default: null },
    details: { type: Object, required: true },
    correlationId: { type: String, default: null },
    previousHash: { type: String, required: true },
    hash: { type: String, required: true },
  },
  // The end of a chain, and the walk along it, are found by `_id`.
  indexes: [
    { name: 'newest', keys: { chain: 1, at: -1, _id: -1 }, serves: 'the audit log of a tenant, newest first' },
    {
      name: 'newest_of_subject',
      keys: { chain: 1, 'subject.id': 1, at: -1, _id: -1 },
      serves: 'what was done with one subject, newest first',
    },
    {
      name: 'newest_of_actor',
      keys: { chain: 1, 'who.id': 1, at: -1, _id: -1 },
      serves: 'what one key or command did, newest first',
    },
    {
      name: 'newest_of_what',
      keys: { chain: 1, what: 1, at: -1, _id: -1 },
      serves: 'every act of one kind, newest first',
    },
  ],
});
