import type { FieldFault } from '../common/field-fault.js';
import { TENANT_ID_PATTERN } from '../common/ids.js';
import { type ContextData, isPrimitive, isRecord, kindOf } from '../common/primitives.js';
import type { ApiActionDocument } from './api-action.collection.js';
import { ContextInvalidError } from './context-invalid.error.js';
import type { IntentCaller } from './intent-caller.js';
import type { ContextField, RebuildRequest, RegisteredAction, Registration } from './registered-action.js';

/** An action registered over HTTP: its context is checked against the declared fields, its data comes from its intent URL. */
export class ApiAction implements RegisteredAction {
  readonly source = 'api';
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly contextFieldNames: readonly string[];
  readonly registration: Registration;

  constructor(
    private readonly document: ApiActionDocument,
    private readonly caller: IntentCaller,
  ) {
    this.id = document._id;
    this.name = document.name;
    this.description = document.description;
    const { contextFields, intentUrl, createdAt, createdBy } = document;
    this.contextFieldNames = contextFields.map(({ name }) => name);
    this.registration = { contextFields, intentUrl, createdAt, createdBy };
  }

  parseContext(input: unknown): ContextData {
    if (!isRecord(input)) {
      throw new ContextInvalidError(this, [
        { field: 'context', expected: 'must be an object', received: kindOf(input) },
      ]);
    }
    const { tenantId, ...rest } = input;
    const known = new Set(this.document.contextFields.map(({ name }) => name));
    const faults: FieldFault[] = [
      ...(typeof tenantId === 'string' && TENANT_ID_PATTERN.test(tenantId)
        ? []
        : [
            {
              field: 'context.tenantId',
              expected: 'must be a tenant id',
              received: tenantId === undefined ? 'missing' : kindOf(tenantId),
            },
          ]),
      ...this.document.contextFields.flatMap((field) => fieldFaults(field, rest[field.name])),
      ...Object.entries(rest)
        .filter(([name]) => !known.has(name))
        .map(([name, value]) => ({
          field: `context.${name}`,
          expected: 'is not a known field; remove it',
          received: kindOf(value),
        })),
    ];
    if (faults.length > 0) throw new ContextInvalidError(this, faults);
    return Object.fromEntries(
      Object.entries(input).flatMap(([name, value]) => (isPrimitive(value) ? [[name, value]] : [])),
    );
  }

  rebuild(request: RebuildRequest): Promise<unknown> {
    return this.caller.call(this.document, request);
  }
}

function fieldFaults({ name, type, required }: ContextField, value: unknown): FieldFault[] {
  if (value === undefined) {
    return required ? [{ field: `context.${name}`, expected: `must be a ${type}`, received: 'missing' }] : [];
  }
  const fits = typeof value === type && isPrimitive(value);
  return fits ? [] : [{ field: `context.${name}`, expected: `must be a ${type}`, received: kindOf(value) }];
}
