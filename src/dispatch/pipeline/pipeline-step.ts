import type { Delivery } from './delivery.js';

/**
 * One part of making a delivery. A step reads the delivery and sets its own part of it; it throws a `WaybillError` whose
 * code says what went wrong. Steps never call each other: the pipeline alone decides their order.
 */
export interface PipelineStep {
  /** A step that has nothing to wait for answers with nothing, so that its delivery does not wait either. */
  run(delivery: Delivery): Promise<void> | void;
}
