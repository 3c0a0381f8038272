// @ts-check
import { FERRETDB, ferretdbProgram } from './ferretdb/ferretdb.mjs';
import { mongodProgram } from './mongodb.mjs';
import { pingMongodb } from './ping.mjs';
import { freePort } from './ports.mjs';
import { privateServer } from './private-server.mjs';
import { readState } from './state.mjs';

const START_TIMEOUT_MS = 30_000;
/** The two FerretDBs share the connections that PostgreSQL takes. */
const MAX_POSTGRES_CONNECTIONS = 40;

/**
 * Starts one more MongoDB of the kind that runs, for a test that kills it and starts it again. Data that it acknowledged
 * outlive the kill: a mongod has a journal; a FerretDB keeps them in the PostgreSQL that runs already, where each of its
 * databases is the other FerretDB's too. It ends with this process, at the latest.
 * @returns {Promise<import('./index.mjs').PrivateMongodb | null>} null where MONGODB_URI names a server that is not ours
 */
export async function startMongodb() {
  const record = recordInUse();
  if (record === null) return null;
  const port = await freePort();
  const ping = () => pingMongodb(port);
  const server = privateServer({ name: 'mongodb', port, ping, startTimeoutMs: START_TIMEOUT_MS });
  const start = () => server.start(programOf(record, { port, folder: server.folder }));
  await start();
  return {
    uri: `mongodb://127.0.0.1:${port}/`,
    pid: server.pid,
    kill: () => server.end('SIGKILL'),
    start,
    stop: () => server.remove('SIGTERM'),
  };
}

function recordInUse() {
  const { mongodb } = readState();
  if (mongodb === undefined || !mongodb.ready) return null;
  const named = process.env['MONGODB_URI'] || mongodb.uri;
  return withoutSlash(named) === withoutSlash(mongodb.uri) ? mongodb : null;
}

const withoutSlash = (/** @type {string} */ uri) => uri.replace(/\/$/, '');

/** @param {import('./state.mjs').ServiceRecord} record @param {{ port: number, folder: string }} where */
function programOf({ choice, binary, processes }, { port, folder }) {
  if (choice !== FERRETDB) return mongodProgram({ binary, port, folder });
  const postgresPort = processes.find(({ name }) => name === 'postgres')?.port ?? 0;
  return ferretdbProgram({ binary, port, folder, postgresPort, maxConnections: MAX_POSTGRES_CONNECTIONS });
}
