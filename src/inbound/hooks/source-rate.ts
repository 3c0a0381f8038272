import { Inject, Injectable } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { intervalMsOf } from '../../integrations/traffic.js';
import { RedisScript } from '../../queues/redis-script.js';
import { RedisConnections } from '../../storage/redis-connections.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { HookRateExceededError } from './hook.errors.js';

const TIMEOUT_MS = 500;

/**
 * The generic cell rate algorithm (ITU-T I.371, annex A): one time for each source, when its next call would be due were
 * they evenly spread; a call may come earlier than that by `burst` intervals. Answers with the milliseconds until one may.
 */
const CELL_RATE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = due - now - interval * (burst - 1)
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], due + interval, 'PX', math.ceil(due + interval - now) + 1000)
return 0
`;

/** Bounds the calls of a source, across all processes. Without Redis all are taken: they are only expensive. */
@Injectable()
export class SourceRate {
  private readonly script: RedisScript;
  private readonly prefix: string;

  constructor(connections: RedisConnections, @Inject(SETTINGS) { redis }: Settings) {
    this.script = new RedisScript(connections.forQueues(), CELL_RATE);
    this.prefix = `${redis.prefix}:hook-rate`;
  }

  /** Counts a call. @throws HookRateExceededError, which tells when the next one is taken. */
  async take({ _id, rate }: InboundSource): Promise<void> {
    if (!rate) return;
    const asking = this.script.run([`${this.prefix}:${_id}`], [intervalMsOf(rate), rate.burst]);
    const waitMs = await bounded(asking, TIMEOUT_MS, 'Asking for the rate of a source').catch(() => 0);
    if (waitMs !== 0) throw new HookRateExceededError(rate, Number(waitMs));
  }
}
