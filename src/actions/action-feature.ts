import type { ActionDefinition } from './action-definition.js';

/** What one `WaybillModule.forFeature` declares, found by the explorer at start. */
export class ActionFeature {
  constructor(readonly actions: readonly ActionDefinition[]) {}
}
