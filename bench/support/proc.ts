import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What Linux says of processes under /proc (proc(5)). Elsewhere, and of processes that are gone, it says nothing. */

interface ProcessStat {
  readonly name: string;
  readonly parentPid: number;
  /** Of the process itself, all of its threads. */
  readonly ownTicks: number;
  /** Of those of its children that have ended. */
  readonly endedChildrenTicks: number;
}

/** `USER_HZ`: the kernel's interface counts in hundredths of a second on every architecture that Node runs on. */
export const MS_PER_TICK = 10;
const LISTENING = '0A';
/** Of a line of /proc/net/tcp: local address, remote address, state, inode. */
const LOCAL = 1;
const REMOTE = 2;
const STATE = 3;
const INODE = 9;

export const allPids = (): number[] =>
  namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

export function statOf(pid: number): ProcessStat | null {
  const text = contentOf(`/proc/${pid}/stat`);
  const nameEnd = text.lastIndexOf(')');
  if (nameEnd < 0) return null;
  // The fields after the name, which may hold anything: state, ppid, ...; utime is the 14th of all.
  const fields = text.slice(nameEnd + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3] ?? 0);
  return {
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    parentPid: field(4),
    ownTicks: field(14) + field(15),
    endedChildrenTicks: field(16) + field(17),
  };
}

/** The process that listens on a TCP port of this machine; `null` where none can be seen. */
export function listenerOf(port: number): number | null {
  const sockets = tcpSockets()
    .filter(({ state, localPort }) => state === LISTENING && localPort === port)
    .map(({ inode }) => `socket:[${inode}]`);
  if (sockets.length === 0) return null;
  return allPids().find((pid) => socketsOf(pid).some((socket) => sockets.includes(socket))) ?? null;
}

/** The ports that a process is connected to. */
export function remotePortsOf(pid: number): ReadonlySet<number> {
  const own = new Set(socketsOf(pid));
  const connected = tcpSockets().filter(({ state, inode }) => state !== LISTENING && own.has(`socket:[${inode}]`));
  return new Set(connected.map(({ remotePort }) => remotePort));
}

function tcpSockets() {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => contentOf(file).split('\n').slice(1));
  return lines
    .map((line) => line.trim().split(/\s+/))
    .map((fields) => ({
      localPort: portIn(fields[LOCAL]),
      remotePort: portIn(fields[REMOTE]),
      state: fields[STATE],
      inode: fields[INODE],
    }));
}

const portIn = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16);

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return namesIn(folder).map((name) => attempt(() => readlinkSync(`${folder}/${name}`), ''));
}

const namesIn = (folder: string) => attempt(() => readdirSync(folder), []);
const contentOf = (file: string) => attempt(() => readFileSync(file, 'utf8'), '');

/** A process may end while it is looked at, or belong to somebody else. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
