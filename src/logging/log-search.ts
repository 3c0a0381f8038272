import type { QueryFilter } from 'mongoose';
import type { FieldFault } from '../common/field-fault.js';
import { asIntegrationId, type TenantId } from '../common/ids.js';
import { parseShape } from '../common/parse-shape.js';
import { type ContextData, isPrimitive, isRecord, kindOf } from '../common/primitives.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { contextKeysOf, type IntegrationLog } from './integration-log.js';
import { LogQueryDto } from './log-query.dto.js';

export interface LogSearch {
  readonly query: LogQueryDto;
  /** `context[<name>]=<value>` of the query string. */
  readonly context: ContextData;
}

const CONTEXT_PARAMETER = /^context\[([A-Za-z_]\w{0,63})\]$/;

/**
 * Reads the query string of a search. Context ids come as `context[patientId]=P-1` in the simple parser of Express 5, and as
 * an object `context` in the extended one that a host may have chosen.
 * @throws RequestInvalidError naming every faulty and every unknown parameter.
 */
export function readLogSearch(parameters: Readonly<Record<string, unknown>>): LogSearch {
  const { context: nested, ...flat } = parameters;
  const entries = Object.entries(flat);
  const context = entries.flatMap(([name, value]) => contextEntry(CONTEXT_PARAMETER.exec(name)?.[1], value));
  const inner = isRecord(nested) ? Object.entries(nested).flatMap(([name, value]) => contextEntry(name, value)) : [];
  const rest = entries.filter(([name]) => !CONTEXT_PARAMETER.test(name));
  const parsed = parseShape(LogQueryDto, Object.fromEntries(rest));
  const faults: FieldFault[] = [
    ...(parsed.ok ? [] : parsed.faults),
    ...(nested !== undefined && !isRecord(nested)
      ? [{ field: 'context', expected: 'must name an id, as in context[patientId]=P-1', received: kindOf(nested) }]
      : []),
    ...[...context, ...inner].flatMap(([name, value]) =>
      isPrimitive(value)
        ? []
        : [{ field: `context[${name}]`, expected: 'must be given once', received: kindOf(value) }],
    ),
  ];
  if (!parsed.ok || faults.length > 0) throw new RequestInvalidError(faults);
  const values = [...context, ...inner].flatMap(([name, value]) =>
    isPrimitive(value) ? [[name, value] as const] : [],
  );
  return { query: parsed.value, context: Object.fromEntries(values) };
}

const contextEntry = (name: string | undefined, value: unknown) => (name === undefined ? [] : [[name, value] as const]);

/** The search as MongoDB is asked; the tenant always stands first. */
export function logFilterOf(tenantId: TenantId, { query, context }: LogSearch): QueryFilter<IntegrationLog> {
  const { actionId, integrationId, status, errorClass, direction, from, to } = query;
  const keys = contextKeysOf(context);
  return {
    tenantId,
    ...(keys.length === 0 ? {} : { contextKeys: { $all: keys } }),
    ...(actionId === undefined ? {} : { actionId }),
    ...(integrationId === undefined ? {} : { integrationId: asIntegrationId(integrationId) }),
    ...(status ? { status } : {}),
    ...(errorClass ? { errorClass } : {}),
    ...(direction ? { direction } : {}),
    ...(from || to ? { createdAt: { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) } } : {}),
  };
}
