import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { parseSecretKeys, SecretCipher, type SealedSecret } from '../../security/secrets/secret-cipher.js';
import { isRecord } from '../../common/primitives.js';
import { RedisConnections } from '../../storage/redis-connections.js';
import type { LogEntry } from '../log-entry.js';
import type { LogLane, Taken } from '../log-lane.js';
import { decodeEntry, encodeEntry } from './entry-codec.js';
import { LaneFullError } from './lane-full.error.js';
import { KEEP, REMOVE, TAKE } from './log-queue.scripts.js';

/** Of up to 130 KiB each. */
export const QUEUE_BATCH = 100;
/** An installation that is given up must not leave what it captured in Redis for ever. */
const KEPT_MS = 7 * 86_400_000;
/** Longer than a batch of it takes to be written, on a slow day. */
const CLAIM_MS = 15_000;
/** Ties a text to what it is: no other text of Waybill's that is sealed can be put in its place. */
const SEALED_AS = 'log-entry';

interface Kept {
  readonly id: string;
  readonly text: string;
}

/**
 * Log entries in a Redis stream that all processes of the installation share, sealed by the secret keys. Whoever has a
 * connection to MongoDB empties it, so they survive the machine that wrote them.
 */
@Injectable()
export class LogQueue implements LogLane {
  readonly name = 'queue';
  private readonly log = new Logger(LogQueue.name);
  private readonly holder = randomUUID();
  private cipher: SecretCipher | null = null;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws LaneFullError, or what Redis says. */
  async write(entries: readonly LogEntry[]): Promise<void> {
    const { queueMaxBytes } = this.settings.spool;
    const texts = entries.map((entry) => JSON.stringify(this.sealer().encrypt(encodeEntry(entry), SEALED_AS)));
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    const { stream, held } = this.keys();
    if (bytes > queueMaxBytes) throw new LaneFullError(this.name, queueMaxBytes);
    const redis = await this.connections.whenConnected();
    const id = await redis.eval(KEEP, 2, stream, held, queueMaxBytes, bytes, KEPT_MS, ...texts);
    if (id === null) throw new LaneFullError(this.name, queueMaxBytes);
  }

  async take(): Promise<Taken> {
    const redis = await this.connections.whenConnected();
    const { stream, claim } = this.keys();
    const answer = await redis.eval(TAKE, 2, stream, claim, this.holder, CLAIM_MS, QUEUE_BATCH);
    if (!Array.isArray(answer)) return 'busy';
    const kept = answer.map(keptOf);
    if (kept.length === 0) return 'empty';
    return { entries: await this.openAll(redis, kept), done: () => this.remove(redis, kept) };
  }

  /** Entries of all processes that wait in Redis. @throws Error where it is away. */
  async count(): Promise<number> {
    return (await this.connections.whenConnected()).xlen(this.keys().stream);
  }

  private async remove(redis: Redis, kept: readonly Kept[]): Promise<void> {
    const { stream, held } = this.keys();
    await redis.eval(REMOVE, 2, stream, held, ...kept.flatMap(({ id, text }) => [id, text.length]));
  }

  /** What cannot be read, because its key is gone, is put aside: it must not keep the others. */
  private async openAll(redis: Redis, kept: readonly Kept[]): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (const { id, text } of kept) {
      const entry = this.opened(text);
      if (entry) entries.push(entry);
      else {
        this.log.error(`A log entry in Redis cannot be read and is put aside as ${this.keys().unreadable} ${id}`);
        await redis.hset(this.keys().unreadable, id, text);
      }
    }
    return entries;
  }

  private opened(text: string): LogEntry | null {
    try {
      const sealed: unknown = JSON.parse(text);
      return isSealed(sealed) ? decodeEntry(this.sealer().decrypt(sealed, SEALED_AS)) : null;
    } catch {
      return null;
    }
  }

  private sealer(): SecretCipher {
    this.cipher ??= new SecretCipher(parseSecretKeys(this.settings.secretKeys));
    return this.cipher;
  }

  /** Of one slot of a Redis Cluster. */
  private keys() {
    const own = `${this.settings.redis.prefix}:{log-queue}`;
    return { stream: own, held: `${own}:bytes`, claim: `${own}:claim`, unreadable: `${own}:unreadable` };
  }
}

function keptOf(answer: unknown): Kept {
  if (!Array.isArray(answer) || !Array.isArray(answer[1])) throw new TypeError('Redis answered with no stream entry');
  return { id: String(answer[0]), text: String(answer[1][1]) };
}

const isSealed = (value: unknown): value is SealedSecret =>
  isRecord(value) && ['keyId', 'iv', 'ciphertext', 'tag'].every((name) => typeof value[name] === 'string');
