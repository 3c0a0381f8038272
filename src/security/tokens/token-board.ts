import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { RedisConnections } from '../../storage/redis-connections.js';
import { TokenBoardAwayError } from './token-board-away.error.js';

/** Only who set a claim may take it away: it may have run out meanwhile and belong to another. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Where the processes of an installation see each other's tokens, and who of them is getting one. It knows sealed texts
 * only. Every method throws TokenBoardAwayError where Redis cannot be used.
 */
@Injectable()
export class TokenBoard {
  constructor(
    private readonly connections: RedisConnections,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async read(credentialsId: string): Promise<string | null> {
    return this.ask((redis) => redis.get(this.key('token', credentialsId)));
  }

  async publish(credentialsId: string, text: string, lifetimeMs: number): Promise<void> {
    await this.ask((redis) => redis.set(this.key('token', credentialsId), text, 'PX', Math.max(1, lifetimeMs)));
  }

  /** Answers with what releases the claim, or `null` where somebody else has it. It runs out by itself. */
  async claim(credentialsId: string, lifetimeMs: number): Promise<string | null> {
    const claim = randomUUID();
    const set = await this.ask((redis) =>
      redis.set(this.key('token-claim', credentialsId), claim, 'PX', lifetimeMs, 'NX'),
    );
    return set === 'OK' ? claim : null;
  }

  async release(credentialsId: string, claim: string): Promise<void> {
    await this.ask((redis) => redis.eval(RELEASE, 1, this.key('token-claim', credentialsId), claim));
  }

  private async ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(await this.connections.whenConnected());
    } catch (error) {
      throw new TokenBoardAwayError(error);
    }
  }

  private key(kind: string, credentialsId: string): string {
    return `${this.settings.redis.prefix}:${kind}:${credentialsId}`;
  }
}
