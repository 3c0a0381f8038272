// @ts-check
import { findOnPath } from '../setup/command.mjs';
import { Unavailable } from './setup-failure.mjs';

/** @typedef {(path: string) => Promise<string | null>} FaultOf why the program at a path is of no use; null where it is */

/**
 * The program whose path a variable of the environment holds.
 * @param {string} variable
 * @param {FaultOf} faultOf
 * @returns {Promise<string>} its path; throws Unavailable
 */
export async function programOfEnvironment(variable, faultOf) {
  const path = process.env[variable] ?? '';
  if (path === '') throw new Unavailable('not set');
  const fault = await faultOf(path);
  if (fault !== null) throw new Unavailable(fault);
  return path;
}

/**
 * The first program on PATH by one of the names that is of use.
 * @param {readonly string[]} names
 * @param {FaultOf} faultOf
 * @returns {Promise<string>} its path; throws Unavailable
 */
export async function programOnPath(names, faultOf) {
  const faults = [];
  for (const name of names) {
    const path = findOnPath(name);
    if (path === null) continue;
    const fault = await faultOf(path);
    if (fault === null) return path;
    faults.push(fault);
  }
  throw new Unavailable(faults.length === 0 ? 'not found' : faults.join(', '));
}
