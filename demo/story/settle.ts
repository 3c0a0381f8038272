import { until } from './until.js';
import type { World } from './world.js';

/** For 1,000 deliveries seconds are enough; a machine under load gets a minute, and 20 ms more for each delivery. */
const BASE_DEADLINE_MS = 60_000;
const DEADLINE_MS_PER_DELIVERY = 20;

/** Waits until no delivery waits for a try any more: each has succeeded or failed for good. */
export async function settle(world: World): Promise<void> {
  const { demo, ledger, narrator, signal } = world;
  const deadlineMs = BASE_DEADLINE_MS + ledger.deliveries * DEADLINE_MS_PER_DELIVERY;
  await until('no log is QUEUED any more', async () => !(await anyQueued()), { deadlineMs, signal });

  async function anyQueued(): Promise<boolean> {
    const accepted = demo.vendors.all.reduce((sum, vendor) => sum + vendor.accepted.length, 0);
    narrator.progress(`vendors have taken ${accepted} deliveries`);
    const answers = await Promise.all([...demo.support.values()].map((api) => api.hasLogs({ status: 'QUEUED' })));
    return answers.includes(true);
  }
}
