import { createServer } from 'node:http';
import { nowMs, numberIn } from '../support/child-messages.js';
import { serveCommands } from '../support/serve-commands.js';

/** The vendor of the bench: answers 200, counts, and remembers when the last call came. A process of its own. */

const ANSWER = '{"ok":true}';
const HEADERS = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(ANSWER) };
const EMITTED_AT = /"emittedAt":(\d+(?:\.\d+)?)/;

let arrived = 0;
let firstAtMs = 0;
let lastAtMs = 0;
let latenciesMs: number[] = [];
let awaited: { count: number; reached: () => void } | null = null;

function arrive(): void {
  lastAtMs = nowMs();
  if (arrived === 0) firstAtMs = lastAtMs;
  arrived += 1;
  if (arrived === awaited?.count) awaited.reached();
}

/** Only calls to /latency are read: everywhere else the sink shall cost as little as it can. */
const server = createServer((request, response) => {
  if (request.url === '/hang') {
    request.resume();
    return;
  }
  const timed = request.url === '/latency';
  let body = '';
  if (timed) {
    const atMs = nowMs();
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => latenciesMs.push(atMs - Number(EMITTED_AT.exec(body)?.[1])));
  } else request.resume();
  request.on('end', () => {
    arrive();
    response.writeHead(200, HEADERS).end(ANSWER);
  });
});

server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  serveCommands(
    { port: typeof address === 'object' ? (address?.port ?? 0) : 0 },
    {
      reset: () => {
        arrived = 0;
        latenciesMs = [];
        return {};
      },
      /** Answers when so many calls have come since the last reset. */
      await: (args) =>
        new Promise((resolve) => {
          const count = numberIn(args, 'count');
          const reached = () => resolve({ firstAtMs, lastAtMs });
          awaited = { count, reached };
          if (arrived >= count) reached();
        }),
      count: () => ({ arrived }),
      latencies: () => ({ latenciesMs }),
    },
    () => Promise.resolve(),
  );
});
