import type { QueryFilter } from 'mongoose';
import type { FieldFault } from '../common/field-fault.js';
import { asIntegrationId, type TenantId } from '../common/ids.js';
import { parseShape } from '../common/parse-shape.js';
import { type ContextData, isRecord, kindOf } from '../common/primitives.js';
import { RequestInvalidError } from '../http/request-invalid.error.js';
import { contextKeysOf, extractKeysOf, type Extracts, type IntegrationLog } from './integration-log.js';
import { classKeyOf, codeKeyOf, wordKeysOf } from './error-keys.js';
import type { OriginFilter } from './log-origins.js';
import { LogQueryDto } from './log-query.dto.js';

export interface LogSearch {
  readonly query: LogQueryDto;
  /** `context[<name>]=<value>` of the query string. */
  readonly context: ContextData;
  /** `extract[<name>]=<value>` of the query string. */
  readonly extracts: Extracts;
}

/** The tenant is a parameter of its own; it is no key of the index. */
const KEY_PARAMETER = /^(context|extract)\[((?!tenantId\])[A-Za-z_]\w{0,63})\]$/;

/**
 * Reads the query string of a search. Context ids come as `context[patientId]=P-1` in the simple parser of Express 5, and as
 * an object `context` in the extended one that a host may have chosen; extracts as `extract[vendorRef]=A-7`.
 * @throws RequestInvalidError naming every faulty and every unknown parameter.
 */
export function readLogSearch(parameters: Readonly<Record<string, unknown>>): LogSearch {
  const entries = flattened(parameters);
  const ids = entries.flatMap(([parameter, value]) => {
    const [, kind, name] = KEY_PARAMETER.exec(parameter) ?? [];
    return name === undefined ? [] : [{ parameter, kind, name, value }];
  });
  const rest = entries.filter(([parameter]) => !KEY_PARAMETER.test(parameter));
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
  const named = (wanted: string) =>
    Object.fromEntries(ids.flatMap(({ kind, name, value }) => (kind === wanted ? [[name, String(value)]] : [])));
  return { query: parsed.value, context: named('context'), extracts: named('extract') };
}

function flattened(parameters: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(parameters).flatMap(([parameter, value]): [string, unknown][] =>
    (parameter === 'context' || parameter === 'extract') && isRecord(value)
      ? Object.entries(value).map(([name, inner]) => [`${parameter}[${name}]`, inner])
      : [[parameter, value]],
  );
}

/** A search as MongoDB is asked, and the index that is to serve it. */
export interface LogSearchPlan {
  readonly filter: QueryFilter<IntegrationLog>;
  readonly index: string;
  /** The times that are part of the filter. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** What of it no index of the logs has, but `LogOrigins` know. */
  readonly origin?: OriginFilter;
  /** The index that serves it for a single integration, where that one finds fewer logs. */
  readonly partIndex?: string;
}

/** The tenant always stands first. Of several filters the one that usually leaves the fewest logs has the index. */
export function planOf(tenantId: TenantId, { query, context, extracts }: LogSearch): LogSearchPlan {
  const { actionId, integrationId, vendor, status, errorClass, errorCode, text, direction, from, to, resolved } = query;
  const keys = [...contextKeysOf(context), ...extractKeysOf(extracts)];
  const errorKeys = [
    ...rarestFirst(wordKeysOf(text ?? '')),
    ...(errorCode === undefined ? [] : [codeKeyOf(errorCode)]),
    ...(errorClass ? [classKeyOf(errorClass)] : []),
  ];
  const filter = {
    tenantId,
    ...(keys.length === 0 ? {} : { contextKeys: allOf(keys) }),
    ...(errorKeys.length === 0 ? {} : { errorKeys: allOf(errorKeys) }),
    ...(actionId === undefined ? {} : { actionId }),
    ...(integrationId === undefined ? {} : { integrationId: asIntegrationId(integrationId) }),
    ...(vendor === undefined ? {} : { vendor }),
    ...(status ? { status } : resolved === false ? { status: 'FAIL' as const } : {}),
    ...(resolved === undefined ? {} : { 'resolution.kind': { $exists: resolved } }),
    ...(direction ? { direction } : {}),
    ...(from || to ? { createdAt: { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) } } : {}),
  };
  const isOfClassOnly = text === undefined && errorCode === undefined;
  const index = indexFor(filter, { resolved, isOfClassOnly });
  const origin = keys.length === 0 ? originOf(tenantId, query) : undefined;
  const partIndex = PART_INDEXES.get(index);
  return { filter, index, from, to, ...(origin ? { origin } : {}), ...(partIndex ? { partIndex } : {}) };
}

function originOf(
  tenantId: TenantId,
  { vendor, actionId, direction, integrationId }: LogQueryDto,
): OriginFilter | undefined {
  if (vendor === undefined && actionId === undefined && direction === undefined) return undefined;
  return {
    tenantId,
    ...(vendor === undefined ? {} : { vendor }),
    ...(actionId === undefined ? {} : { actionId }),
    ...(direction === undefined ? {} : { direction }),
    ...(integrationId === undefined ? {} : { integrationId: asIntegrationId(integrationId) }),
  };
}

/** Which index serves for one integration what another one serves for the tenant. */
const PART_INDEXES = new Map([
  ['newest', 'newest_of_integration'],
  ['newest_failed', 'newest_failed_of_integration'],
]);

/** Those of rare logs go before those of many. */
function indexFor(
  filter: QueryFilter<IntegrationLog>,
  { resolved, isOfClassOnly }: { resolved: boolean | undefined; isOfClassOnly: boolean },
): string {
  if ('contextKeys' in filter) return 'newest_of_key';
  const isOfFailing = filter.status === 'FAIL' && 'integrationId' in filter;
  if ('errorKeys' in filter && !(isOfFailing && isOfClassOnly)) return 'newest_of_error';
  if (resolved) return 'newest_resolved';
  if (filter.status === 'QUEUED') return 'newest_queued';
  const ofTenant = filter.status === 'FAIL' ? 'newest_failed' : 'newest';
  return 'integrationId' in filter ? (PART_INDEXES.get(ofTenant) ?? ofTenant) : ofTenant;
}

/** The first one is looked up in the index, the others are checked on what it finds; DocumentDB would sort for one alone. */
export const allOf = (keys: readonly string[]) => (keys.length === 1 ? keys[0] : { $all: keys });

/** A word with a number in it is one of few logs, a long word of fewer than a short one. */
const rarestFirst = (words: readonly string[]) =>
  words.toSorted((a, b) => Number(/\d/.test(b)) - Number(/\d/.test(a)) || b.length - a.length);
