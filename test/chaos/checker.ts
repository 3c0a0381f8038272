import type { Attempt, AttemptDocument, IntegrationLog } from '../../src/logging/integration-log.js';
import type { FleetCall, FleetVendor } from './fleet.js';

export interface Account {
  readonly logs: readonly IntegrationLog[];
  /** All tries but the first of each log. */
  readonly attempts: readonly AttemptDocument[];
  readonly vendors: readonly FleetVendor[];
  /** Whether the worker that made it, or Redis, may have ended before it was on record. */
  readonly cutOff: (call: FleetCall) => boolean;
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
  /** Calls that were cut off. */
  readonly cut: number;
}

/** What a vendor saw of one delivery, as counts. */
interface Seen {
  readonly calls: number;
  readonly taken: number;
  readonly unrecorded: number;
  readonly cut: number;
  /** Calls that it took, and that nothing excuses the next one for. */
  readonly unexcused: number;
}

type Try = Pick<Attempt, 'number' | 'outcome' | 'response' | 'errorCode'> & { readonly superseded: boolean };

/** Compares what the logs say with what the vendors saw. */
export function check({ logs, attempts, vendors, cutOff }: Account): Findings {
  const furtherOf = groupBy(attempts, ({ logId }) => logId);
  const callsOf = new Map(vendors.map(({ name, calls }) => [name, groupBy(calls, ({ deliveryId }) => deliveryId)]));
  const faults = strangersAmong(vendors, logs);
  const duplicatesOf: Record<string, number> = {};
  const counts = { failed: 0, unknown: 0, unheard: 0, duplicates: 0, unrecorded: 0, cut: 0 };
  for (const log of logs) {
    const calls = callsOf.get(log.vendor ?? '')?.get(log._id) ?? [];
    const first: Try[] = log.firstAttempt ? [{ ...log.firstAttempt, superseded: false }] : [];
    const tries = [...first, ...(furtherOf.get(log._id) ?? [])];
    const taken = calls.filter(({ isTaken }) => isTaken);
    const unheard = taken.length > 0 ? tries.filter(isUnheard).length : 0;
    const seen = {
      calls: calls.length,
      taken: taken.length,
      unrecorded: Math.max(0, calls.length - tries.length),
      cut: calls.filter(cutOff).length,
      // The last one is the one that there should be.
      unexcused: taken.slice(0, -1).filter((call) => !cutOff(call)).length - unheard,
    };
    faults.push(...faultsOf(log, tries, seen).map((fault) => `${log.vendor} ${log._id} ${fault}`));
    counts.failed += log.status === 'FAIL' ? 1 : 0;
    counts.unknown += tries.filter(({ outcome }) => outcome === 'unknown').length;
    counts.unheard += unheard;
    const duplicates = Math.max(0, taken.length - 1);
    counts.duplicates += duplicates;
    if (log.vendor) duplicatesOf[log.vendor] = (duplicatesOf[log.vendor] ?? 0) + duplicates;
    counts.unrecorded += seen.unrecorded;
    counts.cut += seen.cut;
  }
  return { faults, duplicatesOf, ...counts };
}

function faultsOf(
  { status, errorCode, attemptCount, nextAttemptAt }: IntegrationLog,
  tries: readonly Try[],
  { calls, taken, unrecorded, cut, unexcused }: Seen,
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
  if (unexcused > 0)
    faults.push(`was taken ${taken} times; ${unexcused} calls before the last were neither cut off nor unheard`);
  if (unrecorded > cut) faults.push(`has no record of ${unrecorded} calls, of which ${cut} were cut off`);
  const answered = tries.filter(({ response }) => response !== null).length;
  if (answered > calls) faults.push(`has ${answered} answers to the ${calls} calls that its vendor saw`);
  return faults;
}

/** No vendor takes a call whose connection it closes. */
const isUnheard = ({ superseded, errorCode }: Try) => superseded || errorCode === 'VENDOR_TIMEOUT';

/** Calls for deliveries that there are not. */
function strangersAmong(vendors: readonly FleetVendor[], logs: readonly IntegrationLog[]): string[] {
  const known = new Set<string>(logs.map(({ _id }) => _id));
  return vendors.flatMap(({ name, calls }) =>
    calls
      .filter(({ deliveryId }) => !known.has(deliveryId))
      .map(({ deliveryId }) => `${name} was called for ${deliveryId}, of no log`),
  );
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), group);
    group.push(item);
  }
  return groups;
}
