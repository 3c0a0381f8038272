import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Of nobody: whoever comes next takes it. */
const NO_PID = 0;
const NAME = /^([\w.-]+)~(\d+)~(\d*)~([0-9a-f]{12})$/;
/** Of `/proc/<pid>/stat`, counted behind the name of the program: when the process began. */
const START_FIELD = 19;

/**
 * Whose a folder of the spool is, told by its name: `<host>~<pid>~<when the process began>~<random>`. The name is the lock:
 * taking a folder over is renaming it, which only one can do. A number that the system has given to another process since
 * is told by when that one began.
 */
export const ownFolderName = (suffix = randomBytes(6).toString('hex')): string =>
  nameOf(process.pid, beganAt(process.pid), suffix);

/** The name of a folder that was left to whoever comes next. */
export const releasedFolderName = (name: string): string => nameOf(NO_PID, '', suffixOf(name));

export const suffixOf = (name: string): string => NAME.exec(name)?.[4] ?? randomBytes(6).toString('hex');

/** Whether its process, one of this machine, has ended. Of other machines nobody here can tell. */
export function isOrphaned(name: string): boolean {
  const [, host, pid, began] = NAME.exec(name) ?? [];
  if (host !== thisHost()) return false;
  const number = Number(pid);
  return number === NO_PID || !isAlive(number) || beganAt(number) !== began;
}

const nameOf = (pid: number, began: string, suffix: string) => `${thisHost()}~${pid}~${began}~${suffix}`;

const thisHost = () => hostname().replace(/[^\w.-]/g, '_');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Empty where the system does not tell: then the number alone has to do. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? '';
  } catch {
    return '';
  }
}
