import { SPAN_MS } from '../logging/log-span.js';

export const ROLLUP_STEPS = ['5m', '1h', '1d'] as const;
export type RollupStep = (typeof ROLLUP_STEPS)[number];

/** Each divides the next, so that a step is the sum of steps of the one before. Days are those of UTC. */
export const STEP_MS: Readonly<Record<RollupStep, number>> = { '5m': SPAN_MS, '1h': 3_600_000, '1d': 86_400_000 };

/** The begin of the step that a time is in. */
export const stepOf = (step: RollupStep, at: Date) => new Date(at.getTime() - (at.getTime() % STEP_MS[step]));
