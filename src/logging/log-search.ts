import type { QueryFilter } from 'mongoose';
import type { FieldFault } from '../common/field-fault.js';
import { asIntegrationId, type TenantId } from '../common/ids.js';
import { parseShape } from '../common/parse-shape.js';
import { type ContextData, isRecord, kindOf } from '../common/primitives.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { contextKeysOf, type IntegrationLog } from './integration-log.js';
import { LogQueryDto } from './log-query.dto.js';

export interface LogSearch {
  readonly query: LogQueryDto;
  /** `context[<name>]=<value>` of the query string. */
  readonly context: ContextData;
}

/** The tenant is a parameter of its own; it is no key of the index. */
const CONTEXT_PARAMETER = /^context\[((?!tenantId\])[A-Za-z_]\w{0,63})\]$/;

/**
 * Reads the query string of a search. Context ids come as `context[patientId]=P-1` in the simple parser of Express 5, and as
 * an object `context` in the extended one that a host may have chosen.
 * @throws RequestInvalidError naming every faulty and every unknown parameter.
 */
export function readLogSearch(parameters: Readonly<Record<string, unknown>>): LogSearch {
  const entries = flattened(parameters);
  const ids = entries.flatMap(([parameter, value]) => {
    const name = CONTEXT_PARAMETER.exec(parameter)?.[1];
    return name === undefined ? [] : [{ parameter, name, value }];
  });
  const rest = entries.filter(([parameter]) => !CONTEXT_PARAMETER.test(parameter));
  const parsed = parseShape(LogQueryDto, Object.fromEntries(rest));
  const repeated = ids.filter(({ value }) => typeof value !== 'string');
  const faults: FieldFault[] = [
    ...(parsed.ok ? [] : parsed.faults),
    ...repeated.map(({ parameter, value }) => ({
      field: parameter,
      expected: 'must be given once',
      received: kindOf(value),
    })),
  ];
  if (!parsed.ok || faults.length > 0) throw new RequestInvalidError(faults);
  return { query: parsed.value, context: Object.fromEntries(ids.map(({ name, value }) => [name, String(value)])) };
}

function flattened({ context, ...rest }: Readonly<Record<string, unknown>>): [string, unknown][] {
  if (!isRecord(context)) return Object.entries(context === undefined ? rest : { ...rest, context });
  const inner = Object.entries(context).map(([name, value]): [string, unknown] => [`context[${name}]`, value]);
  return [...Object.entries(rest), ...inner];
}

/** The search as MongoDB is asked; the tenant always stands first. */
export function logFilterOf(tenantId: TenantId, { query, context }: LogSearch): QueryFilter<IntegrationLog> {
  const { actionId, integrationId, vendor, status, errorClass, direction, from, to } = query;
  const keys = contextKeysOf(context);
  return {
    tenantId,
    ...(keys.length === 0 ? {} : { contextKeys: { $all: keys } }),
    ...(actionId === undefined ? {} : { actionId }),
    ...(integrationId === undefined ? {} : { integrationId: asIntegrationId(integrationId) }),
    ...(vendor === undefined ? {} : { vendor }),
    ...(status ? { status } : {}),
    ...(errorClass ? { errorClass } : {}),
    ...(direction ? { direction } : {}),
    ...(from || to ? { createdAt: { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) } } : {}),
  };
}
