import { allPids, listenerOf, MS_PER_TICK, remotePortsOf, statOf } from './proc.js';
import type { Services } from './sandbox.js';
import { median } from './statistics.js';

/** CPU milliseconds by kind of process. */
export type CpuMs = Readonly<Record<string, number>>;

interface Watched {
  readonly name: string;
  readonly rootPid: number;
}

/** The processes of the databases on this machine; `missing` says which could not be found, and why. */
export interface DatabaseProcesses {
  readonly found: readonly Watched[];
  readonly missing: string | null;
}

/**
 * Finds Redis and MongoDB by the ports they listen on. A FerretDB is only half of a database: the PostgreSQL that it is
 * connected to counts too.
 */
export function findDatabases({ mongodbUri, redisUrl }: Services): DatabaseProcesses {
  const redis = byPort('redis', redisUrl);
  const mongodb = byPort('mongodb', mongodbUri);
  const found = [redis, mongodb].filter((process) => process !== null);
  if (!redis || !mongodb) {
    const missing = [redis ? '' : 'Redis', mongodb ? '' : 'MongoDB'].filter((name) => name !== '').join(' and ');
    return { found, missing: `the process of ${missing} is not on this machine, or cannot be seen by this user` };
  }
  const postgres = statOf(mongodb.rootPid)?.name.includes('ferretdb') ? postgresBehind(mongodb.rootPid) : [];
  if (postgres === null) return { found, missing: 'the PostgreSQL behind FerretDB cannot be seen' };
  return { found: [...found, ...postgres], missing: null };
}

function byPort(name: string, uri: string): Watched | null {
  const [, host = '', port = ''] = /^[a-z+]+:\/\/(?:[^@/]*@)?([^:/,]+|\[[^\]]*\])(?::(\d+))?(?:[/?]|$)/.exec(uri) ?? [];
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(host)) return null;
  const pid = listenerOf(Number(port) || (name === 'redis' ? 6_379 : 27_017));
  return pid === null ? null : { name: statOf(pid)?.name ?? name, rootPid: pid };
}

function postgresBehind(ferretdbPid: number): Watched[] | null {
  const pids = [...remotePortsOf(ferretdbPid)].map((port) => listenerOf(port));
  const pid = pids.find((candidate) => candidate !== null && (statOf(candidate)?.name ?? '').startsWith('postgres'));
  return pid ? [{ name: 'postgres', rootPid: pid }] : null;
}

/** CPU time since its making of processes and all that they have started. */
export class CpuMeter {
  private readonly before: readonly number[];

  constructor(private readonly watched: readonly Watched[]) {
    this.before = watched.map(({ rootPid }) => treeTicks(rootPid));
  }

  read(): CpuMs {
    const spent: Record<string, number> = {};
    this.watched.forEach(({ name, rootPid }, index) => {
      const ticks = treeTicks(rootPid) - (this.before[index] ?? 0);
      spent[name] = (spent[name] ?? 0) + ticks * MS_PER_TICK;
    });
    return spent;
  }
}

/** Where the CPU time of one delivery goes, in words: by process, each the median of the rounds. */
export function describeShares(rounds: readonly CpuMs[], deliveries: number): string {
  const names = Object.keys(rounds[0] ?? {});
  const share = (name: string) => median(rounds.map((cpu) => (cpu[name] ?? 0) / deliveries));
  return names.map((name) => `${name} ${share(name).toFixed(2)} ms`).join(', ');
}

export const totalOf = (cpu: CpuMs) => Object.values(cpu).reduce((sum, ms) => sum + ms, 0);

/** Of a process and its descendants. A child that ends is counted by its parent, so that its time is not lost. */
function treeTicks(rootPid: number): number {
  const stats = new Map(allPids().map((pid) => [pid, statOf(pid)]));
  const ticksOf = (pid: number): number => {
    const stat = stats.get(pid);
    if (!stat) return 0;
    const children = [...stats.entries()].filter(([, candidate]) => candidate?.parentPid === pid);
    return children.reduce((sum, [child]) => sum + ticksOf(child), stat.ownTicks + stat.endedChildrenTicks);
  };
  return ticksOf(rootPid);
}
