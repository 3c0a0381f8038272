import { HttpException } from '@nestjs/common';
import { isRecord } from '../common/primitives.js';
import { WaybillError } from '../common/waybill.error.js';
import { isDatabaseUnavailable } from '../storage/mongo-errors.js';
import type { FaultDto, ProblemDto } from './problem.dto.js';
import { withoutHookSecret } from './hook-address.js';
import { problemTypeOf } from './problem-types.js';

/** Where a problem occurred. */
export interface ProblemPlace {
  /** The request's path. */
  readonly instance: string;
  readonly correlationId: string;
}

type Fact = Pick<ProblemDto, 'code' | 'detail' | 'remedy' | 'faults'> & { readonly status?: number };

const INTERNAL: Fact = {
  code: 'INTERNAL',
  detail: 'An unexpected error stopped the request; it is in the log of the server',
  remedy: 'Try again; if it goes on, give the correlationId to the operator.',
};

const DATABASE_AWAY: Fact = {
  code: 'DATABASE_UNREACHABLE',
  detail: 'The database cannot be reached at the moment',
  remedy: 'Try again in some seconds; writes that carry an idempotency key are never done twice.',
};

/** What the caller is told about an error. Nothing of an unexpected error but the fact is in it. */
export function problemOf(error: unknown, { instance, correlationId }: ProblemPlace): ProblemDto {
  const { code, status, faults, ...fact } = factOf(error, instance);
  const type = problemTypeOf(code);
  return {
    type: `urn:waybill:problem:${code.toLowerCase()}`,
    title: type.title,
    status: status ?? type.status,
    ...fact,
    instance,
    code,
    correlationId,
    ...(faults === undefined ? {} : { faults }),
  };
}

function factOf(error: unknown, instance: string): Fact {
  if (error instanceof WaybillError) return waybillFact(error);
  if (isDatabaseUnavailable(error)) return DATABASE_AWAY;
  if (!(error instanceof HttpException)) return bodyFact(error) ?? INTERNAL;
  // Nest wraps what a body parser throws.
  return bodyFact(error.cause) ?? httpFact(error.getStatus(), withoutHookSecret(error.message), instance);
}

function waybillFact({ code, message, remedy, details }: WaybillError): Fact {
  const faults = faultsIn(details['faults']);
  const detail = code === 'EVENT_NOT_RECORDED' ? 'The event could not be recorded' : message;
  return { code, detail, remedy, ...(faults.length === 0 ? {} : { faults }) };
}

/** Nest says the whole address, whose path and query may hold secrets. */
const ADDRESS_OF_ROUTE = /^(Cannot [A-Z]+) .*$/s;

/** Nest's own exceptions, such as the one for an unknown route, and those of a host's guard or pipe. */
function httpFact(status: number, message: string, instance: string): Fact {
  if (status === 404) {
    const detail = message.replace(ADDRESS_OF_ROUTE, (_all, method: string) => `${method} ${instance}`);
    return { code: 'ROUTE_UNKNOWN', detail, remedy: 'Correct the method or the path; /docs lists them.' };
  }
  if (status >= 500) return { ...INTERNAL, status };
  return { code: 'REQUEST_REFUSED', status, detail: message, remedy: 'Correct the request; /docs describes it.' };
}

/** What body-parser throws carries a `type` and a `status`. */
function bodyFact(error: unknown): Fact | null {
  if (!isRecord(error) || typeof error['type'] !== 'string') return null;
  const { type, limit, status, message } = error;
  if (type === 'entity.too.large') {
    const detail = `The body has more than the ${String(limit)} bytes that are accepted`;
    return { code: 'REQUEST_TOO_LARGE', detail, remedy: 'Send less at a time, such as smaller batches.' };
  }
  if (type === 'entity.parse.failed') {
    return { code: 'BODY_UNREADABLE', detail: 'The body is not valid JSON', remedy: 'Send valid JSON in UTF-8.' };
  }
  if (status === 415) {
    return { code: 'MEDIA_TYPE_UNSUPPORTED', detail: String(message), remedy: 'Send JSON in UTF-8.' };
  }
  const isCallers = typeof status === 'number' && status >= 400 && status < 500;
  return isCallers ? { code: 'BODY_UNREADABLE', detail: String(message), remedy: 'Send the whole body again.' } : null;
}

function faultsIn(value: unknown): FaultDto[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((fault: unknown) => {
    if (!isRecord(fault)) return [];
    const { field, expected, received } = fault;
    return [{ field: String(field), expected: String(expected), received: String(received) }];
  });
}
