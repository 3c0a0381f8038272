import { getMetadataStorage } from 'class-validator';
import type { ActionDefinition } from './action-definition.js';

/** The names of the fields that class-validator checks in a context class, in the order of their declaration, without `tenantId`. */
export function contextFieldNames(context: ActionDefinition['context']): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(context, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))].filter((name) => name !== 'tenantId');
}
