import type { IntegrationId } from '../common/ids.js';

/** Where everything about admission is in Redis. */
export const admissionPrefixOf = (redisPrefix: string) => `${redisPrefix}:admission`;

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
