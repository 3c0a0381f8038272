import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createConnection } from 'mongoose';
import { compiledProgram } from '../support/compiled-program.js';
import type { AttachmentLoad, AttachmentUsage } from '../support/programs/attachment-load.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

const MIB = 1024 * 1024;
const FILE_BYTES = 20 * MIB;
const run = promisify(execFile);

describe('files of 20 MB', () => {
  const received: { sizeBytes: number; sha256: string }[] = [];
  /** Hashes what it gets and keeps none of it. */
  const sink = createServer((request, response) => {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      sizeBytes += chunk.length;
    });
    request.on('end', () => {
      received.push({ sizeBytes, sha256: hash.digest('hex') });
      response.end('{}');
    });
  });
  let program: string;
  let url: string;

  beforeAll(async () => {
    program = compiledProgram('test/support/programs/attachment-load.ts');
    sink.listen(0, '127.0.0.1');
    await once(sink, 'listening');
    const address = sink.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });

  afterAll(() => {
    sink.closeAllConnections();
    sink.close();
  });

  beforeEach(() => {
    received.length = 0;
  });

  async function deliver(load: Pick<AttachmentLoad, 'format' | 'deliveries'>, budgetBytes: number) {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('memory')}`);
    const settings: AttachmentLoad['settings'] = {
      role: 'all',
      httpApi: false,
      mongodb: { uri },
      redis: { url: redisUrl(), prefix: freshPrefix('memory') },
      secretKeys: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      network: { allowCidrs: ['127.0.0.0/8'] },
      limits: { attachmentBytes: FILE_BYTES, outgoingBytes: 40 * MIB },
      delivery: { attachmentBudgetBytes: budgetBytes },
    };
    const task: AttachmentLoad = { settings, url, fileBytes: FILE_BYTES, ...load };
    // The heap is small on purpose: a file that came into it as text would end the process. So is its young part: what
    // has been sent already counts until it is collected.
    const heap = ['--max-old-space-size=96', '--max-semi-space-size=4'];
    // Pages that are freed are given back at once: what is measured is what is in use.
    const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: '32768' };
    const { stdout } = await run(process.execPath, [...heap, program, JSON.stringify(task)], { env });
    const connection = await createConnection(uri).asPromise();
    await connection.dropDatabase();
    await connection.close();
    const redis = new Redis(redisUrl());
    const keys = await redis.keys(`${settings.redis.prefix}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
    await redis.quit();
    const usage: AttachmentUsage = JSON.parse(stdout);
    expect(usage.statuses).toEqual(Array.from({ length: load.deliveries }, () => 'SUCCESS'));
    return usage;
  }

  it.each(['buffer', 'stream', 'multipart'])('take about three times their size, sent as %s', async (format) => {
    const { residentBytes, heldBytes } = await deliver({ format, deliveries: 1 }, FILE_BYTES);
    expect(received).toHaveLength(2);
    expect(received.at(-1)?.sizeBytes).toBeGreaterThan(FILE_BYTES);
    expect(heldBytes).toBeLessThan(2 * FILE_BYTES);
    expect(residentBytes).toBeLessThan(3 * FILE_BYTES);
  });

  it('wait for the budget, and end no process, where twelve are due at once', async () => {
    const { residentBytes } = await deliver({ format: 'stream', deliveries: 12 }, 2 * FILE_BYTES);
    const [small, ...files] = received;
    expect(small?.sizeBytes).toBeLessThan(FILE_BYTES);
    expect(files).toHaveLength(12);
    expect(new Set(files.map(({ sizeBytes }) => sizeBytes)).size).toBe(1);
    // Twelve at once would be at least 240 MiB of files alone.
    expect(residentBytes).toBeLessThan(8 * FILE_BYTES);
  }, 120_000);
});
