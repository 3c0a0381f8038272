import { type CollectionSpec, defineCollection } from '../storage/collection.js';
import type { Integration } from './integration.js';
import { defineVersions, type KeptVersion } from './versioned-directory.js';

export const INTEGRATIONS = defineCollection<Integration>({
  name: 'integrations',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    actionId: { type: Number, required: true },
    name: { type: String, required: true },
    vendor: { type: String, required: true },
    enabled: { type: Boolean, required: true },
    disabledReason: { type: String, default: null },
    pause: { type: Object, default: null },
    endpoint: { type: Object, required: true },
    auth: { type: Object, required: true },
    tls: { type: Object, default: null },
    signing: { type: Object, default: null },
    filter: { type: String, default: null },
    mapping: { type: String, default: null },
    schemaJson: { type: String, default: null },
    attachments: { type: [Object], default: [] },
    successRule: { type: Object, required: true },
    extracts: { type: Object, default: {} },
    loggedBodyBytes: { type: Number, default: null },
    redaction: { type: Object },
    timeoutMs: { type: Number, required: true },
    retryPolicy: { type: Object, required: true },
    retry: { type: Object, default: { allowAsSent: false } },
    retrySchedule: { type: Object, default: null },
    traffic: { type: Object, required: true },
    statusCallback: { type: Object, default: null },
    version: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    updatedBy: { type: String, required: true },
    deleted: { type: Boolean },
  },
  indexes: [
    {
      name: 'by_action',
      keys: { tenantId: 1, actionId: 1, _id: 1 },
      serves: 'fan-out: the integrations of a tenant for an action',
    },
    { name: 'by_tenant', keys: { tenantId: 1, _id: 1 }, serves: 'list the integrations of a tenant, by pages' },
    {
      name: 'scheduled_retries',
      keys: { 'retrySchedule.cron': 1, _id: 1 },
      options: { partialFilterExpression: { 'retrySchedule.cron': { $exists: true } } },
      serves: 'scheduled retries: the integrations that have a schedule',
    },
  ],
});

export const INTEGRATION_VERSIONS: CollectionSpec<KeptVersion<Integration>> = defineVersions('integration_versions');
