/** The key of Waybill's own configuration of @nestjs/bullmq: the host's default stays the host's. */
export const BULL_CONFIG_KEY = 'waybill';

/** A lane's queue name. Redis keys are `<prefix>:<queue>:...`. */
export const queueNameOf = (lane: string) => `waybill-${lane}`;
