import { Redis } from 'ioredis';

/** Everything that stands in Redis under a prefix, as text, whatever type it is of. */
export async function dumpRedis(url: string, prefix: string): Promise<string> {
  const redis = new Redis(url);
  try {
    const keys = await redis.keys(`${prefix}:*`);
    const values = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
    const readable = await Promise.all(keys.map((key) => readValue(redis, key)));
    return keys
      .map((key, index) => `${key} ${readable[index] ?? ''} ${values[index]?.toString('latin1') ?? ''}`)
      .join('\n');
  } finally {
    await redis.quit();
  }
}

/** DUMP compresses long values: those types that hold job data are also read as they are. */
async function readValue(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    default:
      return '';
  }
}
