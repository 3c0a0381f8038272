import { Matches } from 'class-validator';
import { TENANT_ID_PATTERN } from '../common/ids.js';

/** The base of every action context: whose event it is. Subclasses add ids and primitives, decorated by class-validator. */
export abstract class ActionContext {
  @Matches(TENANT_ID_PATTERN, {
    message: 'tenantId must be 1 to 64 lower-case letters, digits, _ or -, starting with a letter or a digit',
  })
  tenantId!: string;
}
