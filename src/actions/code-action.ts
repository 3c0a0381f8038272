import { bounded, HOST_TIMEOUT_MS } from '../common/bounded.js';
import type { FieldFault } from '../common/field-fault.js';
import { OperationTimeoutError } from '../common/operation-timeout.error.js';
import { parseShape } from '../common/parse-shape.js';
import { type ContextData, isPrimitive, kindOf } from '../common/primitives.js';
import { WaybillError } from '../common/waybill.error.js';
import type { ActionContext } from './action-context.js';
import type { ActionDefinition } from './action-definition.js';
import { contextFieldNames } from './context-fields.js';
import { ContextInvalidError } from './context-invalid.error.js';
import type { Intent } from './intent.js';
import { IntentUnavailableError } from './intent-unavailable.error.js';
import { RecordGoneError } from './record-gone.error.js';
import type { RebuildRequest, RegisteredAction } from './registered-action.js';

/** An action declared by the host's code, rebuilt by the host's intent class in this process. */
export class CodeAction implements RegisteredAction {
  readonly source = 'code';
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly contextFieldNames: readonly string[];
  readonly registration = null;

  constructor(
    private readonly definition: ActionDefinition,
    private readonly intent: Intent<ActionContext>,
  ) {
    this.id = definition.id;
    this.name = definition.name;
    this.description = definition.description ?? null;
    this.contextFieldNames = contextFieldNames(definition.context);
  }

  parseContext(input: unknown): ContextData {
    const parsed = parseShape(this.definition.context, input, 'context');
    if (!parsed.ok) throw new ContextInvalidError(this, parsed.faults);
    const entries = Object.entries(parsed.value).filter(([, value]) => value !== undefined);
    const faults = entries.flatMap(([name, value]) => primitiveFault(name, value));
    if (faults.length > 0) throw new ContextInvalidError(this, faults);
    return Object.fromEntries(entries);
  }

  async rebuild({ context }: RebuildRequest): Promise<unknown> {
    // It was validated when the event was emitted: each try would pay for doing it again.
    const data = await this.rebuildFrom(Object.assign(new this.definition.context(), context));
    if (data === null || data === undefined) throw new RecordGoneError(this.name);
    return data;
  }

  private async rebuildFrom(context: ActionContext): Promise<unknown> {
    try {
      return await bounded(this.intent.rebuild(context), HOST_TIMEOUT_MS, `Rebuilding "${this.name}"`);
    } catch (error) {
      if (error instanceof WaybillError && !(error instanceof OperationTimeoutError)) throw error;
      throw new IntentUnavailableError(this.name, error);
    }
  }
}

const primitiveFault = (name: string, value: unknown): FieldFault[] =>
  isPrimitive(value)
    ? []
    : [{ field: `context.${name}`, expected: 'must be an id or another primitive', received: kindOf(value) }];
