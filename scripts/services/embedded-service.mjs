// @ts-check
import { choose } from './choose.mjs';
import { isAlive } from './processes.mjs';
import { step } from '../setup/step.mjs';
import { messageOf } from '../setup/system-error.mjs';

/** @typedef {import('./state.mjs').ServiceRecord} ServiceRecord */
/** @typedef {import('../setup/step.mjs').Log} Log */

/**
 * @typedef {object} EmbeddedService
 * @property {'mongodb' | 'redis'} key
 * @property {string} title
 * @property {import('./choose.mjs').Candidate<{ binary: string }>[]} candidates
 * @property {string[]} remedies
 * @property {(options: import('./mongodb.mjs').StartOptions) => Promise<string>} start returns the URI once it answers
 * @property {(record: ServiceRecord) => Promise<void>} stop
 * @property {(record: ServiceRecord) => Promise<void>} discardData
 * @property {(choice: string, log: Log) => Promise<boolean>} discardInstallation whether there was one of ours
 * @property {(record: ServiceRecord) => Promise<import('./ping.mjs').Fault>} ping
 */

/**
 * Gives back a running service: the recorded one when it answers, otherwise a new one.
 * @param {EmbeddedService} service
 * @param {{ record: ServiceRecord | undefined, save: (record: ServiceRecord) => void, log: Log }} options
 * @returns {Promise<{ record: ServiceRecord, started: boolean }>}
 */
export async function ensureRunning(service, { record, save, log }) {
  const fault = record === undefined ? 'not started' : await faultOf(service, record);
  if (record !== undefined && fault === null) {
    log(`▸ ${service.title}: ${record.choice}, already running at ${record.uri}`);
    return { record, started: false };
  }
  if (record !== undefined) {
    log(`▸ ${service.title}: ${record.choice} was started before but is not usable (${fault}), starting it again`);
    await service.stop(record);
  }
  return { record: await startAnew(service, { previous: record, save, log }), started: true };
}

/** @param {EmbeddedService} service @param {ServiceRecord} record @returns {Promise<import('./ping.mjs').Fault>} */
export async function faultOf(service, record) {
  if (!record.ready) return 'its start was interrupted';
  const dead = record.processes.find((process) => !isAlive(process));
  return dead === undefined ? service.ping(record) : `${dead.name} (pid ${dead.pid}) is gone`;
}

/**
 * What is found on the machine need not work: a damaged installation is built once more, and after that the next
 * candidate has its turn.
 * @param {EmbeddedService} service
 * @param {{ previous: ServiceRecord | undefined, save: (record: ServiceRecord) => void, log: Log }} options
 */
async function startAnew(service, { previous, save, log }) {
  const { title, candidates, remedies } = service;
  /** @type {Map<string, string>} */
  const unusable = new Map();
  const rebuilt = new Set();
  for (;;) {
    const { name, found, reused } = await choose({ service: title, candidates, remedies, unusable, log });
    const resumed = previous?.choice === name && !rebuilt.has(name) ? previous : undefined;
    try {
      return await launch(service, { choice: name, binary: found.binary, previous: resumed, save, log });
    } catch (error) {
      log(`  ${name} does not start: ${messageOf(error)}`);
      if (reused && !rebuilt.has(name) && (await service.discardInstallation(name, log))) rebuilt.add(name);
      else unusable.set(name, `does not start: ${messageOf(error)}`);
    }
  }
}

/**
 * @param {EmbeddedService} service
 * @param {{ choice: string, binary: string, previous: ServiceRecord | undefined,
 *   save: (record: ServiceRecord) => void, log: Log }} options
 */
async function launch(service, { choice, binary, previous, save, log }) {
  /** @type {ServiceRecord} */
  const record = { choice, binary, uri: '', ready: false, processes: [] };
  const onSpawn = (/** @type {import('./processes.mjs').ServiceProcess} */ process) => {
    record.processes = [...record.processes.filter(({ name }) => name !== process.name), process];
    save(record); // before it is ready: an interrupted start must leave a trace of what it started
  };
  try {
    await step(log, `${service.title}: start ${choice}`, async () => {
      record.uri = await service.start({ choice, binary, previous, onSpawn, log });
    });
  } catch (error) {
    await service.stop(record);
    throw error;
  }
  record.ready = true;
  save(record);
  return record;
}
