import type { Delivery } from './delivery.js';

/**
 * One part of making a delivery. A step reads the delivery and sets its own part of it; it throws a `WaybillError` whose
 * code says what went wrong. Steps never call each other: the pipeline alone decides their order. A step that waits for
 * nothing gives no promise.
 */
export interface PipelineStep {
  run(delivery: Delivery): Promise<void> | void;
}
