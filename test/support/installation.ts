import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { type Connection, createConnection } from 'mongoose';
import type { Role } from '../../src/index.js';
import { runKeysCommand, ServerProcess } from './server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from './services.js';

const CALL_TIMEOUT_MS = 30_000;

export interface InstallationOptions {
  /** Laid over the environment that its processes start with. */
  readonly env?: Readonly<Record<string, string>>;
  /** The address that its processes find their database at, where a proxy stands in between. */
  readonly uriOf?: (database: string) => string;
  /** The server that its database is on, past any proxy. Default: that of the test run. */
  readonly directUri?: string;
}

/** A standalone Waybill with a database and a Redis prefix of its own: its processes, and its API as the platform's key calls it. */
export class Installation {
  private readonly processes: ServerProcess[] = [];
  private current: ServerProcess | null = null;

  private constructor(
    readonly env: Readonly<Record<string, string>>,
    /** A connection of the test's own, past any proxy. */
    readonly mongo: Connection,
    /** Of the platform. */
    readonly key: string,
  ) {}

  /** Starts with one process of role `api`. */
  static async start(
    label: string,
    { env = {}, uriOf, directUri = mongodbUri() }: InstallationOptions = {},
  ): Promise<Installation> {
    const database = freshDatabaseName(label);
    const direct = `${directUri.replace(/\/$/, '')}/${database}`;
    const full = {
      MONGODB_URI: uriOf ? uriOf(database) : direct,
      REDIS_URL: redisUrl(),
      WAYBILL_REDIS_PREFIX: freshPrefix(label),
      WAYBILL_SECRET_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      WAYBILL_ALLOW_CIDRS: '127.0.0.0/8',
      ...env,
    };
    const key = /wbk_\S+/.exec(await runKeysCommand(['create', '--platform', '--name', label], full))?.[0] ?? '';
    const installation = new Installation(full, await createConnection(direct).asPromise(), key);
    await installation.startApi();
    return installation;
  }

  /** The process that `call` asks. */
  get api(): ServerProcess {
    if (!this.current) throw new Error('No process of role api was started');
    return this.current;
  }

  async startApi(): Promise<void> {
    this.current = await this.startProcess('api');
  }

  startWorker(): Promise<ServerProcess> {
    return this.startProcess('worker');
  }

  /** @throws where it does not answer with success */
  async call(
    method: string,
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.api.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }

  /** Ends all of its processes and leaves nothing behind. */
  async close(): Promise<void> {
    await Promise.all(this.processes.map((running) => running.end('SIGKILL')));
    await this.mongo.dropDatabase();
    await this.mongo.close();
    if (this.env['REDIS_URL'] !== redisUrl()) return;
    const redis = new Redis(redisUrl());
    const keys = await redis.keys(`${this.env['WAYBILL_REDIS_PREFIX']}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
    await redis.quit();
  }

  private async startProcess(role: Role): Promise<ServerProcess> {
    const running = await ServerProcess.start({ ...this.env, WAYBILL_ROLE: role });
    this.processes.push(running);
    return running;
  }
}
