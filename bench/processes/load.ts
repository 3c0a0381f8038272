import { createHmac, randomUUID } from 'node:crypto';
import autocannon from 'autocannon';
import { type Fields, nowMs, numberIn, textIn } from '../support/child-messages.js';
import { payloadOf } from '../support/constants.js';
import { serveCommands } from '../support/serve-commands.js';
import { quantile } from '../support/statistics.js';

/** The load: HTTP clients in a process of their own, so that the server's figures are the server's. */

const ANSWER_TIMEOUT_S = 30;

type Kind = Partial<autocannon.Options> & Pick<autocannon.Options, 'headers' | 'body'>;

/** So many requests; fails unless every answer was a success. */
async function post(args: Fields, kind: Kind): Promise<Fields> {
  const amount = numberIn(args, 'amount');
  const connections = numberIn(args, 'connections');
  const run = autocannon({
    url: textIn(args, 'url'),
    method: 'POST',
    timeout: ANSWER_TIMEOUT_S,
    amount,
    connections,
    ...kind,
  });
  // Its own start and end are seconds of a clock that ticks once a second.
  let startedAtMs = Number.POSITIVE_INFINITY;
  let endedAtMs = 0;
  const times: number[] = [];
  void run.on('response', (_client, _status, _bytes, responseTimeMs) => {
    endedAtMs = nowMs();
    startedAtMs = Math.min(startedAtMs, endedAtMs - responseTimeMs);
    times.push(responseTimeMs);
  });
  const result = await run;
  if (result['2xx'] === amount) return { startedAtMs, endedAtMs, p99Ms: quantile(times, 0.99) };
  const { non2xx, errors, timeouts } = result;
  throw new Error(
    `Of ${amount} requests ${non2xx} were refused, ${errors} failed and ${timeouts} were not answered in time`,
  );
}

/** Standard Webhooks: each is another event, signed when it is sent. */
function webhooks(secret: string): Kind {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const body = JSON.stringify({ ...payloadOf({}), type: 'result.ready' });
  const setupRequest = (request: autocannon.Request): autocannon.Request => {
    const id = `msg_${randomUUID()}`;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
    return { ...request, headers: { ...request.headers, ...headers } };
  };
  return { headers: { 'content-type': 'application/json' }, body, requests: [{ setupRequest }] };
}

serveCommands(
  {},
  {
    post: (args) =>
      post(args, {
        headers: { 'content-type': 'application/json', authorization: `Bearer ${textIn(args, 'key')}` },
        body: textIn(args, 'body'),
        idReplacement: true,
      }),
    webhooks: (args) => post(args, webhooks(textIn(args, 'secret'))),
  },
  () => Promise.resolve(),
);
