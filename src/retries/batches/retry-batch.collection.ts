import { defineCollection } from '../../storage/collection.js';
import type { RetryBatch, RetryBatchItem } from './retry-batch.js';

export const RETRY_BATCHES = defineCollection<RetryBatch>({
  name: 'retry_batches',
  fields: {
    _id: String,
    tenantId: { type: String, required: true },
    state: { type: String, required: true },
    open: { type: Boolean },
    selection: { type: Object, required: true },
    replays: { type: Boolean },
    failedBefore: { type: Date, required: true },
    limit: { type: Number, required: true },
    collected: { type: Boolean, required: true },
    integrationIds: { type: [String], required: true },
    reason: { type: String, required: true },
    requestedBy: { type: String, required: true },
    ratePerSecond: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    finishedAt: { type: Date, default: null },
    leasedBy: { type: String, default: null },
    leasedUntil: { type: Date, required: true },
  },
  indexes: [
    {
      name: 'newest_batch',
      keys: { tenantId: 1, createdAt: -1, _id: -1 },
      serves: 'list the batches of a tenant, newest first',
    },
    {
      name: 'open_batches',
      keys: { createdAt: 1 },
      options: { partialFilterExpression: { open: true } },
      serves: 'workers: batches with something left to do, oldest first',
    },
  ],
});

export const RETRY_BATCH_ITEMS = defineCollection<RetryBatchItem>({
  name: 'retry_batch_items',
  fields: {
    _id: String,
    batchId: { type: String, required: true },
    tenantId: { type: String, required: true },
    logId: { type: String, required: true },
    integrationId: { type: String, required: true },
    outcome: { type: String, required: true },
    fromAttempt: { type: Number, default: null },
    replayLogId: { type: String },
    why: { type: String, default: null },
    updatedAt: { type: Date, required: true },
  },
  indexes: [
    { name: 'items_of_log', keys: { logId: 1 }, serves: 'erasure: what batches say of a log' },
    { name: 'items', keys: { batchId: 1, _id: 1 }, serves: 'list the logs of a batch, oldest first' },
    {
      name: 'items_of_outcome',
      keys: { batchId: 1, outcome: 1, _id: 1 },
      serves: 'list and count the logs of a batch by their outcome',
    },
    {
      name: 'items_of_integration',
      keys: { batchId: 1, outcome: 1, integrationId: 1, _id: 1 },
      serves: 'workers: the next logs of a batch for an integration',
    },
  ],
});
