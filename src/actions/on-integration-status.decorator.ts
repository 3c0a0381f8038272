import { Injectable, type Type } from '@nestjs/common';
import type { ActionContext } from './action-context.js';
import type { ActionDefinition } from './action-definition.js';
import type { StatusListener } from './status-listener.js';

export const ON_INTEGRATION_STATUS = 'waybill:on-integration-status';

/** Marks the provider that is told the statuses of an action's deliveries. At most one per action; the start is refused otherwise. */
export const OnIntegrationStatus =
  <C extends ActionContext>(action: ActionDefinition<C>) =>
  (target: Type<StatusListener<C>>): void => {
    Injectable()(target);
    Reflect.defineMetadata(ON_INTEGRATION_STATUS, action, target);
  };
