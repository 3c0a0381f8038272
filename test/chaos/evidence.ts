import { Redis } from 'ioredis';
import type { ServerProcess } from '../support/server-process.js';

const SAID_LINES = 30;

/** What a person would look at where something does not end: all of Redis, and what the processes said last. */
export async function evidence(redisUrl: string, processes: readonly ServerProcess[]): Promise<string> {
  const redis = new Redis(redisUrl);
  const names = (await redis.keys('*')).filter((name) => !name.includes(':events'));
  const values = await Promise.all(
    names.map(async (name) => {
      const type = await redis.type(name);
      if (type === 'hash') return [name, await redis.hgetall(name)];
      if (type === 'zset') return [name, await redis.zrange(name, '0', '-1', 'WITHSCORES')];
      if (type === 'list') return [name, await redis.lrange(name, 0, -1)];
      return [name, type];
    }),
  );
  const [seconds] = await redis.time();
  await redis.quit();
  const said = processes.map((one) => one.said().split('\n').slice(-SAID_LINES).join('\n'));
  return [`Redis at ${seconds}:`, ...values.map((value) => JSON.stringify(value)), ...said].join('\n');
}
