import { setTimeout as delay } from 'node:timers/promises';
import { type FakeVendor, startFakeVendor, type VendorHabit } from '../support/fake-vendor.js';

const HUGE = Buffer.alloc(3 * 1_048_576, 'x');

/** One vendor of each kind that a dispatcher meets. `well`: what it does once it has recovered. */
const HABITS: Readonly<Record<string, VendorHabit>> = {
  good: () => ({ body: { ok: true } }),
  slow: async () => {
    await delay(900);
    return { body: { ok: true } };
  },
  dead: (_request, response) => {
    response.destroy();
    return null;
  },
  flapping: () => (Math.floor(Date.now() / 1_500) % 2 === 0 ? { status: 503 } : { body: { ok: true } }),
  lying: () => (Math.random() < 0.3 ? { body: { ok: false } } : { body: { ok: true } }),
  throttling: () => (Math.random() < 0.2 ? { status: 429, headers: { 'retry-after': '1' } } : { body: { ok: true } }),
  huge: () => ({ body: HUGE, headers: { 'content-type': 'application/octet-stream' } }),
  closing: (_request, response) => {
    if (Math.random() < 0.7) return { body: { ok: true } };
    response.destroy();
    return null;
  },
};

export interface FleetVendor {
  readonly name: string;
  readonly vendor: FakeVendor;
  /** Calls that it answered with success, by delivery id. A call that it broke off may count too: it has the data. */
  readonly taken: Map<string, number>;
}

/** Starts them all; each counts what it took. */
export async function startFleet(): Promise<{ vendors: FleetVendor[]; heal(): void; close(): Promise<void> }> {
  const vendors = await Promise.all(
    Object.entries(HABITS).map(async ([name, habit]) => {
      const fleetVendor: FleetVendor = { name, vendor: await startFakeVendor(), taken: new Map() };
      behave(fleetVendor, habit);
      return fleetVendor;
    }),
  );
  return {
    vendors,
    heal: () => vendors.forEach((one) => behave(one, () => ({ body: { ok: true } }))),
    close: async () => void (await Promise.all(vendors.map(({ vendor }) => vendor.close()))),
  };
}

function behave({ vendor, taken }: FleetVendor, habit: VendorHabit): void {
  vendor.answer(async (request, response) => {
    const answer = await habit(request, response);
    const id = String(request.headers['webhook-id']);
    const isOk =
      answer !== null && (answer.status ?? 200) < 300 && !JSON.stringify(answer.body ?? {}).includes('false');
    if (isOk) taken.set(id, (taken.get(id) ?? 0) + 1);
    return answer;
  });
}
