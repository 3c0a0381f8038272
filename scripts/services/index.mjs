// @ts-check
import { join } from 'node:path';
import { cacheFolder, stateFile } from './cache-folder.mjs';
import { ensureRunning, faultOf } from './embedded-service.mjs';
import { externalService } from './external-services.mjs';
import { withLock } from './lock.mjs';
import { mongodb } from './mongodb.mjs';
import { isAlive, thisProcess } from './processes.mjs';
import { redis } from './redis.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { readState, writeState } from './state.mjs';

export { startMongodb } from './private-mongodb.mjs';
export { startRedis } from './private-redis.mjs';
export { SetupFailure } from './setup-failure.mjs';

const EMBEDDED = [mongodb, redis];
const silent = () => undefined;

/**
 * Brings MongoDB and Redis up, or finds them running. What the environment names (MONGODB_URI, REDIS_URL) is used as it
 * is and never stopped.
 * @param {{ log?: import('../setup/step.mjs').Log, keep?: boolean }} [options] keep: they stay up until
 *   `servicesDown`; otherwise call `release` when you are done with them
 */
export async function servicesUp({ log = silent, keep = false } = {}) {
  const [mongodbUri, redisUrl] = await Promise.all([
    externalService('MONGODB_URI', log),
    externalService('REDIS_URL', log),
  ]);
  if (mongodbUri !== null && redisUrl !== null)
    return { mongodbUri, redisUrl, started: false, release: async () => false };
  const wanted = [...(mongodbUri === null ? [mongodb] : []), ...(redisUrl === null ? [redis] : [])];
  return withLock(lock(log), async () => {
    const state = readState();
    const results = await Promise.allSettled(
      wanted.map(async (service) => {
        const save = (/** @type {import('./state.mjs').ServiceRecord} */ record) => {
          state[service.key] = record;
          writeState(state);
        };
        return ensureRunning(service, { record: state[service.key], save, log });
      }),
    );
    const outcomes = results.map((result) => (result.status === 'fulfilled' ? result.value : null));
    if (outcomes.includes(null)) {
      // One of them is of no use alone: what this call started goes again, what was there stays.
      const startedNow = wanted.filter((_, index) => outcomes[index] === null || outcomes[index].started);
      await stopServices(startedNow, state, silent);
      throwTogether(results);
    }
    const started = outcomes.some((outcome) => outcome?.started);
    state.kept ||= keep;
    state.users = [...state.users.filter(isAlive), ...(keep ? [] : [thisProcess()])];
    writeState(state);
    return {
      mongodbUri: mongodbUri ?? state.mongodb?.uri ?? '',
      redisUrl: redisUrl ?? state.redis?.uri ?? '',
      started,
      release: () => releaseServices(log),
    };
  });
}

/**
 * Says that this process no longer needs the services. The last one to say so stops them, unless they were kept.
 * @param {import('../setup/step.mjs').Log} log
 * @returns {Promise<boolean>} whether they were stopped
 */
async function releaseServices(log) {
  return withLock(lock(log), async () => {
    const state = readState();
    const self = thisProcess();
    state.users = state.users.filter((user) => isAlive(user) && user.pid !== self.pid);
    writeState(state);
    if (state.kept) return false;
    if (state.users.length > 0) {
      log(`▸ services stay up: in use by process ${state.users.map(({ pid }) => pid).join(', ')}`);
      return false;
    }
    await stopServices(EMBEDDED, state, log);
    return true;
  });
}

/**
 * Stops what was started here, whoever uses it, and waits until it is gone. Data goes with it.
 * @param {{ log?: import('../setup/step.mjs').Log }} [options]
 */
export async function servicesDown({ log = silent } = {}) {
  await withLock(lock(log), async () => stopServices(EMBEDDED, readState(), log));
}

/** @returns {Promise<import('./index.mjs').ServicesStatus>} */
export async function servicesStatus() {
  const state = readState();
  const services = await Promise.all(
    EMBEDDED.map(async (service) => {
      const record = state[service.key];
      if (record === undefined)
        return { name: service.title, uri: null, choice: null, fault: 'not started', processes: [] };
      const processes = record.processes.map(({ name, pid, port, log }) => ({ name, pid, port, log }));
      return {
        name: service.title,
        uri: record.uri,
        choice: record.choice,
        fault: await faultOf(service, record),
        processes,
      };
    }),
  );
  return {
    stateFile: stateFile(),
    kept: state.kept,
    users: state.users.filter(isAlive).map(({ pid }) => pid),
    services,
  };
}

/**
 * @param {typeof EMBEDDED} services
 * @param {import('./state.mjs').ServicesState} state
 * @param {import('../setup/step.mjs').Log} log
 */
async function stopServices(services, state, log) {
  await Promise.all(
    services.map(async (service) => {
      const record = state[service.key];
      if (record === undefined) return;
      await service.stop(record);
      await service.discardData(record);
      delete state[service.key];
      log(`▸ ${service.title}: stopped (${record.processes.map(({ name, pid }) => `${name} ${pid}`).join(', ')})`);
    }),
  );
  writeState(state);
}

/** @param {PromiseSettledResult<unknown>[]} results both failures in one message, so that one look is enough */
function throwTogether(results) {
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const bug = reasons.find((reason) => !(reason instanceof SetupFailure));
  if (bug !== undefined) throw bug;
  if (reasons.length > 0) throw new SetupFailure(reasons.map((reason) => reason.message).join('\n\n'));
}

/** @param {import('../setup/step.mjs').Log} log */
const lock = (log) => ({ file: join(cacheFolder(), 'setup.lock'), what: 'the set-up of services', log });
