import type { Attempt, AttemptDocument, IntegrationLog } from '../../src/logging/integration-log.js';
import type { FleetVendor } from './fleet.js';

export interface Account {
  readonly logs: readonly IntegrationLog[];
  /** All tries but the first of each log. */
  readonly attempts: readonly AttemptDocument[];
  readonly vendors: readonly FleetVendor[];
}

export interface Findings {
  /** Where logs and vendors disagree, in words; empty where all is well. */
  readonly faults: readonly string[];
  readonly failed: number;
  readonly unknown: number;
  /** Tries whose call a vendor may have taken, for all that the living worker knew which made it: they timed out or were taken over. */
  readonly unheard: number;
  /** Calls by which a vendor took what it had taken before. */
  readonly duplicates: number;
  readonly duplicatesOf: Readonly<Record<string, number>>;
  /** Calls that a vendor received and no log knows of. */
  readonly unrecorded: number;
}

type Try = Pick<Attempt, 'number' | 'outcome' | 'response' | 'errorCode'> & { readonly superseded: boolean };

/** Compares what the logs say with what the vendors saw. */
export function check({ logs, attempts, vendors }: Account): Findings {
  const furtherOf = groupBy(attempts, ({ logId }) => logId);
  const byName = new Map(vendors.map((one) => [one.name, { ...one, seen: seenBy(one) }]));
  const faults = strangersAmong(vendors, logs);
  const duplicatesOf: Record<string, number> = {};
  const counts = { failed: 0, unknown: 0, unheard: 0, duplicates: 0, unrecorded: 0 };
  for (const log of logs) {
    const vendor = byName.get(log.vendor ?? '');
    const first: Try[] = log.firstAttempt ? [{ ...log.firstAttempt, superseded: false }] : [];
    const tries = [...first, ...(furtherOf.get(log._id) ?? [])];
    const taken = vendor?.taken.get(log._id) ?? 0;
    const seen = vendor?.seen.get(log._id) ?? 0;
    const unrecorded = Math.max(0, seen - tries.length);
    faults.push(
      ...faultsOf(log, tries, { taken, seen, unrecorded }).map((fault) => `${log.vendor} ${log._id} ${fault}`),
    );
    counts.failed += log.status === 'FAIL' ? 1 : 0;
    counts.unknown += tries.filter(({ outcome }) => outcome === 'unknown').length;
    counts.unheard += taken > 0 ? tries.filter(isUnheard).length : 0;
    counts.duplicates += Math.max(0, taken - 1);
    if (log.vendor) duplicatesOf[log.vendor] = (duplicatesOf[log.vendor] ?? 0) + Math.max(0, taken - 1);
    counts.unrecorded += unrecorded;
  }
  return { faults, duplicatesOf, ...counts };
}

function faultsOf(
  { status, errorCode, attemptCount, nextAttemptAt }: IntegrationLog,
  tries: readonly Try[],
  { taken, seen, unrecorded }: { taken: number; seen: number; unrecorded: number },
): string[] {
  const faults: string[] = [];
  if (status === 'QUEUED') faults.push(`has not ended, due at ${String(nextAttemptAt)}`);
  const numbers = tries.filter(({ superseded }) => !superseded).map(({ number }) => number);
  if (numbers.sort((a, b) => a - b).join() !== Array.from({ length: attemptCount }, (_, index) => index + 1).join())
    faults.push(`counts ${attemptCount} tries and has ${numbers.join()}`);
  if (status === 'SUCCESS' && taken === 0) faults.push('is a success that its vendor never took');
  // What a vendor took beyond that must have been a call whose answer we could not know.
  const unheard = tries.filter((one) => isUnheard(one) || one.outcome === 'unknown').length;
  if (taken - (status === 'SUCCESS' ? 1 : 0) > unheard + unrecorded)
    faults.push(
      `is ${status} (${errorCode}) and was taken ${taken} times, with ${unheard} unheard and ${unrecorded} unrecorded calls`,
    );
  const answered = tries.filter(({ response }) => response !== null).length;
  if (answered > seen) faults.push(`has ${answered} answers to the ${seen} calls that its vendor saw`);
  return faults;
}

/** No vendor takes a call whose connection it closes. */
const isUnheard = ({ superseded, errorCode }: Try) => superseded || errorCode === 'VENDOR_TIMEOUT';

/** Calls for deliveries that there are not. */
function strangersAmong(vendors: readonly FleetVendor[], logs: readonly IntegrationLog[]): string[] {
  const known = new Set<string>(logs.map(({ _id }) => _id));
  return vendors.flatMap((one) =>
    [...seenBy(one).keys()].filter((id) => !known.has(id)).map((id) => `${one.name} was called for ${id}, of no log`),
  );
}

const seenBy = ({ vendor }: FleetVendor): ReadonlyMap<string, number> =>
  new Map(
    [...groupBy(vendor.requests, ({ headers }) => String(headers['webhook-id']))].map(([id, calls]) => [
      id,
      calls.length,
    ]),
  );

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), group);
    group.push(item);
  }
  return groups;
}
