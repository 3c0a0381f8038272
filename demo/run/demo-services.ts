import { Redis } from 'ioredis';
import { createConnection } from 'mongoose';

/** Where this run keeps its data. Its names are its own, so that runs beside each other never meet. */
export interface DemoServices {
  readonly runName: string;
  /** Waybill's database. */
  readonly hubUri: string;
  /** The lab's own database. */
  readonly labUri: string;
  readonly redisUrl: string;
  readonly redisPrefix: string;
}

/** The services are not there. The message says what to do. */
export class ServicesError extends Error {
  override readonly name = 'ServicesError';
}

/** @throws ServicesError */
export function servicesOf(env: NodeJS.ProcessEnv): DemoServices {
  const { MONGODB_URI: mongodbUri, REDIS_URL: redisUrl } = env;
  if (!mongodbUri || !redisUrl) {
    throw new ServicesError(
      'MONGODB_URI and REDIS_URL must both be set. Start the demo by `npm run demo`, which sets them and brings the services up.',
    );
  }
  const runName = `waybill_demo_${Date.now().toString(36)}_${process.pid}`;
  return {
    runName,
    hubUri: withDatabase(mongodbUri, runName),
    labUri: withDatabase(mongodbUri, `${runName}_lab`),
    redisUrl,
    redisPrefix: runName,
  };
}

/** Removes everything that the run has stored. */
export async function dropData({ hubUri, labUri, redisUrl, redisPrefix }: DemoServices): Promise<void> {
  for (const uri of [hubUri, labUri]) {
    const connection = await createConnection(uri).asPromise();
    await connection.dropDatabase();
    await connection.close();
  }
  const redis = new Redis(redisUrl);
  for await (const keys of redis.scanStream({ match: `${redisPrefix}:*`, count: 500 })) {
    if (Array.isArray(keys) && keys.length > 0) await redis.unlink(...keys.map(String));
  }
  await redis.quit();
}

/** Several hosts may stand before the path, so this is no URL that `URL` could read. */
const withDatabase = (uri: string, name: string) =>
  uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, (_all, server: string) => `${server}/${name}`);
