import { defineVersions, type KeptVersion } from '../../integrations/versioned-directory.js';
import { type CollectionSpec, defineCollection } from '../../storage/collection.js';
import type { InboundSource } from './inbound-source.js';

export const INBOUND_SOURCES = defineCollection<InboundSource>({
  name: 'inbound_sources',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    name: { type: String, required: true },
    vendor: { type: String, required: true },
    enabled: { type: Boolean, required: true },
    disabledReason: { type: String, default: null },
    pause: { type: Object, default: null },
    verification: { type: Object, required: true },
    eventType: { type: String, default: null },
    eventId: { type: String, default: null },
    context: { type: Object, required: true },
    dedupeWindowMs: { type: Number, required: true },
    mode: { type: String, required: true },
    answerWithinMs: { type: Number, required: true },
    timeoutMs: { type: Number, required: true },
    maxBytes: { type: Number, required: true },
    rate: { type: Object, default: null },
    allowCidrs: { type: [String], required: true },
    schemaJson: { type: String, default: null },
    handling: { type: Object, required: true },
    bulk: { type: String, default: null },
    keepsRefusedBodies: { type: Boolean, required: true },
    retryPolicy: { type: Object, required: true },
    traffic: { type: Object, required: true },
    answers: { type: Object, default: null },
    tokens: { type: [Object], required: true },
    pageToken: { type: Object, required: true },
    version: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    updatedBy: { type: String, required: true },
    deleted: { type: Boolean },
  },
  indexes: [{ name: 'by_tenant', keys: { tenantId: 1, _id: 1 }, serves: 'list the sources of a tenant, by pages' }],
});

export const INBOUND_SOURCE_VERSIONS: CollectionSpec<KeptVersion<InboundSource>> =
  defineVersions('inbound_source_versions');
