import { Injectable, type Type } from '@nestjs/common';
import type { ActionContext } from './action-context.js';
import type { ActionDefinition } from './action-definition.js';
import type { Intent } from './intent.js';

export const INTENT_FOR = 'waybill:intent-for';

/** Marks the provider that rebuilds the data of an action. Exactly one per action; the start is refused otherwise. */
export const IntentFor =
  <C extends ActionContext>(action: ActionDefinition<C>) =>
  (target: Type<Intent<C>>): void => {
    Injectable()(target);
    Reflect.defineMetadata(INTENT_FOR, action, target);
  };
