import http from 'node:http';
import axios from 'axios';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { CONCURRENCY, payloadOf } from '../support/constants.js';
import { nowMs, numberIn, textIn } from '../support/child-messages.js';
import { serveCommands } from '../support/serve-commands.js';

/** The ceiling: what a worker costs that does nothing but post. It logs nothing, guards nothing, retries nothing. */

const { BENCH_REDIS_URL = '', BENCH_REDIS_PREFIX = '' } = process.env;
const QUEUE = 'plain';
const ENQUEUE_AT_ONCE = 500;
const connection = new Redis(BENCH_REDIS_URL, { maxRetriesPerRequest: null });
const queue = new Queue(QUEUE, { connection, prefix: BENCH_REDIS_PREFIX });

async function enqueue(count: number): Promise<void> {
  for (let from = 0; from < count; from += ENQUEUE_AT_ONCE) {
    const size = Math.min(ENQUEUE_AT_ONCE, count - from);
    await queue.addBulk(
      Array.from({ length: size }, (_, index) => ({
        name: 'post',
        data: { v: 1, tenantId: 'bench', logId: `log_${from + index}`, attempt: 1 },
        opts: { removeOnComplete: true, removeOnFail: true },
      })),
    );
  }
}

function start(url: string): Worker {
  const client = axios.create({ httpAgent: new http.Agent({ keepAlive: true }) });
  const worker = new Worker(QUEUE, async () => void (await client.post(url, payloadOf({}))), {
    connection: new Redis(BENCH_REDIS_URL, { maxRetriesPerRequest: null }),
    prefix: BENCH_REDIS_PREFIX,
    concurrency: CONCURRENCY,
  });
  worker.on('error', (error) => console.error(`plain worker: ${error.message}`));
  worker.on('failed', (_job, error) => console.error(`plain worker: ${error.message}`));
  return worker;
}

let worker: Worker | null = null;
serveCommands(
  {},
  {
    enqueue: async (args) => {
      await enqueue(numberIn(args, 'count'));
      return {};
    },
    start: (args) => {
      const startedAtMs = nowMs();
      worker = start(textIn(args, 'url'));
      return { startedAtMs };
    },
  },
  async () => {
    await worker?.close();
    await queue.close();
  },
);
