import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { bounded } from '../common/bounded.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Integration } from '../integrations/integration.js';
import { intervalMsOf, type RateLimit } from '../integrations/traffic.js';
import { RedisScript } from '../queues/redis-script.js';
import { RedisConnections } from '../storage/redis-connections.js';
import { admissionKeysOf, admissionPrefixOf } from './admission-keys.js';
import { PACE } from './call-pacer.script.js';

const PACING_TIMEOUT_MS = 1_000;
/**
 * A burst and a whole span of the rate take the span and `burst` intervals to be made evenly. So many of these intervals they
 * take at least, which is what single calls may be late by on their way: 200 ms with 20 calls a second and a burst of 5.
 */
const KEPT_OF_BURST = 0.8;

/** Holds calls of an integration with a rate back at the last moment, where they are late for their slots and would clump. */
@Injectable()
export class CallPacer {
  private readonly log = new Logger(CallPacer.name);
  private readonly script: RedisScript;
  private readonly prefix: string;

  constructor(connections: RedisConnections, @Inject(SETTINGS) settings: Settings) {
    const redis: Redis = connections.forQueues();
    this.script = new RedisScript(redis, PACE);
    this.prefix = admissionPrefixOf(settings.redis.prefix, 'delivery');
  }

  /** Resolves when the call may be made. Without Redis that is now: it has had its slot. */
  async untilMayCall({ _id, traffic: { rate } }: Integration): Promise<void> {
    if (!rate) return;
    const { gate, slots, calls } = admissionKeysOf(this.prefix, _id);
    const reserving = this.script.run([gate, slots, calls], argumentsOf(rate));
    const waitMs = await bounded(reserving, PACING_TIMEOUT_MS, `Pacing a call of ${_id}`).catch((error: unknown) => {
      this.log.warn(`A call of ${_id} keeps to the time of its slot only: ${String(error)}`);
      return 0;
    });
    if (Number(waitMs) > 0) await delay(Number(waitMs));
  }
}

function argumentsOf(rate: RateLimit): number[] {
  const { calls, burst } = rate;
  const intervalMs = intervalMsOf(rate);
  return [intervalMs, burst, calls + burst, intervalMs * (calls + KEPT_OF_BURST * burst)];
}
