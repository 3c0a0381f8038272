import type { ClassConstructor } from 'class-transformer';
import type { ActionContext } from './action-context.js';
import { ActionDefinitionError } from './action-definition.error.js';

/** An action as the host's code declares it. */
export interface ActionDefinition<C extends ActionContext = ActionContext> {
  /** Stable for ever: integrations and logs refer to it. A positive integer. */
  readonly id: number;
  /** What support staff read: lower-case words joined by dots, such as `patient.registered`. */
  readonly name: string;
  /** The class-validator class of its context. */
  readonly context: ClassConstructor<C>;
  /** One sentence for the catalogue. */
  readonly description?: string;
}

export const ACTION_NAME_PATTERN = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$/;
export const MAX_ACTION_ID = 2_147_483_647;

/**
 * Declares an action once; every place that emits it, rebuilds it or configures it refers to this object.
 * @throws ActionDefinitionError when the id is no positive 32-bit integer or the name is not dotted lower case.
 */
export function defineAction<C extends ActionContext>(definition: ActionDefinition<C>): ActionDefinition<C> {
  const { id, name } = definition;
  if (!Number.isInteger(id) || id < 1 || id > MAX_ACTION_ID) {
    throw new ActionDefinitionError(
      `Action id ${String(id)} (of "${name}") is not a whole number from 1 to ${MAX_ACTION_ID}`,
    );
  }
  if (!ACTION_NAME_PATTERN.test(name)) {
    throw new ActionDefinitionError(
      `Action name "${name}" (of id ${id}) is not dotted lower case such as "patient.registered"`,
    );
  }
  return Object.freeze({ ...definition });
}
