// @ts-check
import { SetupFailure, Unavailable } from './setup-failure.mjs';

/**
 * One way to get a service.
 * @template T what is needed to start it
 * @typedef {object} Candidate
 * @property {string} name
 * @property {() => Promise<T>} findReady cheap: what is already on this machine; throws Unavailable
 * @property {((log: import('../setup/step.mjs').Log) => Promise<T>) | undefined} [prepare] downloads or builds it
 */

/**
 * First hit wins. What is on the machine already is asked for first, in order, so that a second start neither
 * downloads nor waits for refusals; only then is each candidate asked, in the same order, to fetch what it needs.
 * @template T
 * @param {{ service: string, candidates: Candidate<T>[], remedies: string[], unusable?: Map<string, string>,
 *   log: import('../setup/step.mjs').Log }} choice unusable: candidates that were found and don't work, and why
 * @returns {Promise<{ name: string, found: T, reused: boolean }>} reused: nothing had to be fetched
 */
export async function choose({ service, candidates, remedies, unusable = new Map(), log }) {
  const answers = new Map(unusable);
  const usable = candidates.filter(({ name }) => !unusable.has(name));
  const why = (/** @type {string} */ name) => {
    const before = candidates.slice(
      0,
      candidates.findIndex((candidate) => candidate.name === name),
    );
    return before.map((candidate) => `${candidate.name}: ${answers.get(candidate.name)}`).join('; ');
  };
  for (const { name, findReady } of usable) {
    const found = await attempt(findReady, (answer) => answers.set(name, answer));
    if (found === null) continue;
    log(`▸ ${service}: ${name}, already on this machine (${why(name)})`);
    return { name, found, reused: true };
  }
  for (const { name, prepare } of usable) {
    if (prepare === undefined) continue;
    const found = await attempt(
      () => prepare(log),
      (answer) => answers.set(name, answer),
    );
    if (found === null) continue;
    log(`▸ ${service}: ${name} (${why(name)})`);
    return { name, found, reused: false };
  }
  const tried = candidates.map(({ name }) => ({ name, answer: answers.get(name) ?? 'not tried' }));
  throw SetupFailure.of(service, tried, remedies);
}

/**
 * @template T
 * @param {() => Promise<T>} find
 * @param {(answer: string) => void} onFault
 */
async function attempt(find, onFault) {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    onFault(error instanceof Unavailable ? error.message : `failed: ${error.message}`);
    return null;
  }
}
