// @ts-check
import { createServer } from 'node:net';

/** Ports handed out by this process: a port that was only probed is still free when it is asked for again. */
const handedOut = new Set();

/**
 * @param {number} [preferred] taken when it is free, so that a restarted service keeps its address
 * @returns {Promise<number>}
 */
export async function freePort(preferred) {
  if (preferred !== undefined && (await probe(preferred)) === preferred) return preferred;
  for (;;) {
    const port = await probe(0);
    if (port === null || handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}

/** @param {number} port @returns {Promise<number | null>} */
function probe(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
