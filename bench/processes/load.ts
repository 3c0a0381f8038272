import autocannon from 'autocannon';
import { nowMs, numberIn, textIn } from '../support/child-messages.js';
import { serveCommands } from '../support/serve-commands.js';

/** The load: HTTP clients in a process of their own, so that the server's figures are the server's. */

const ANSWER_TIMEOUT_S = 30;

serveCommands(
  {},
  {
    /** Posts one body so many times; fails unless every answer was a success. */
    post: async (args) => {
      const amount = numberIn(args, 'amount');
      const run = autocannon({
        url: textIn(args, 'url'),
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${textIn(args, 'key')}` },
        body: textIn(args, 'body'),
        connections: numberIn(args, 'connections'),
        amount,
        timeout: ANSWER_TIMEOUT_S,
        idReplacement: true,
      });
      // Its own start and end are seconds of a clock that ticks once a second.
      let startedAtMs = Number.POSITIVE_INFINITY;
      let endedAtMs = 0;
      void run.on('response', (_client, _status, _bytes, responseTimeMs) => {
        endedAtMs = nowMs();
        startedAtMs = Math.min(startedAtMs, endedAtMs - responseTimeMs);
      });
      const result = await run;
      if (result['2xx'] === amount) return { startedAtMs, endedAtMs };
      const { non2xx, errors, timeouts } = result;
      throw new Error(
        `Of ${amount} requests ${non2xx} were refused, ${errors} failed and ${timeouts} were not answered in time`,
      );
    },
  },
  () => Promise.resolve(),
);
