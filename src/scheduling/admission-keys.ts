import type { IntegrationId } from '../common/ids.js';
import type { TriesLane } from '../queues/jobs.js';

/** Where everything about admission to one lane is in Redis. */
export const admissionPrefixOf = (redisPrefix: string, lane: TriesLane) => `${redisPrefix}:admission:${lane}`;

/** Where that of one integration is. */
export function admissionKeysOf(prefix: string, integrationId: IntegrationId) {
  const own = `${prefix}:${integrationId}`;
  return {
    slots: `${own}:slots`,
    jobs: `${own}:jobs`,
    gate: `${own}:gate`,
    window: `${own}:window`,
    calls: `${own}:calls`,
  };
}
