import { defineCollection } from '../storage/collection.js';
import type { ContextField } from './registered-action.js';

export interface ApiActionDocument {
  /** The action's id. */
  _id: number;
  name: string;
  description: string | null;
  /** What its context holds besides `tenantId`. */
  contextFields: ContextField[];
  /** Where Waybill asks for the data. */
  intentUrl: string;
  /** Refers to the secret that signs those calls. */
  signingSecretId: string;
  createdAt: Date;
  createdBy: string;
}

export const API_ACTIONS = defineCollection<ApiActionDocument>({
  name: 'actions',
  fields: {
    _id: Number,
    name: { type: String, required: true },
    description: { type: String, default: null },
    contextFields: { type: [Object], required: true },
    intentUrl: { type: String, required: true },
    signingSecretId: { type: String, required: true },
    createdAt: { type: Date, required: true },
    createdBy: { type: String, required: true },
  },
  indexes: [
    {
      name: 'by_name',
      keys: { name: 1 },
      options: { unique: true },
      serves: 'find an action by name; one action per name',
    },
  ],
});
