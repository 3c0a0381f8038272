import { setTimeout as delay } from 'node:timers/promises';
import { type FakeVendor, startFakeVendor, type VendorHabit } from '../support/fake-vendor.js';

const HUGE = Buffer.alloc(3 * 1_048_576, 'x');
/** A vendor answers 200 with it. */
const LIE = { ok: false };

/** One vendor of each kind that a dispatcher meets. */
const habitsWith = (slowMs: number): Readonly<Record<string, VendorHabit>> => ({
  good: () => ({ body: { ok: true } }),
  slow: async () => {
    await delay(slowMs);
    return { body: { ok: true } };
  },
  dead: (_request, response) => {
    response.destroy();
    return null;
  },
  flapping: () => (Math.floor(Date.now() / 1_500) % 2 === 0 ? { status: 503 } : { body: { ok: true } }),
  lying: () => (Math.random() < 0.3 ? { body: LIE } : { body: { ok: true } }),
  throttling: () => {
    if (Math.random() < 0.8) return { body: { ok: true } };
    return { status: 429, headers: Math.random() < 0.5 ? { 'retry-after': '1' } : {} };
  },
  huge: () => ({ body: HUGE, headers: { 'content-type': 'application/octet-stream' } }),
  closing: (_request, response) => {
    if (Math.random() < 0.7) return { body: { ok: true } };
    response.destroy();
    return null;
  },
});

export interface FleetCall {
  readonly deliveryId: string;
  readonly beganAt: number;
  /** When it was answered or its connection ended; `null` while it goes on. */
  endedAt: number | null;
  /** Whether it was answered with success. One that was broken off may count too: the vendor has the data. */
  isTaken: boolean;
}

export interface FleetVendor {
  readonly name: string;
  readonly vendor: FakeVendor;
  /** In the order in which they came. */
  readonly calls: FleetCall[];
}

export interface Fleet {
  readonly vendors: readonly FleetVendor[];
  /** How many calls go on. */
  open(): number;
  /** From now on they all answer well and at once. */
  heal(): void;
  close(): Promise<void>;
}

/** Starts them all; each remembers its calls. */
export async function startFleet({ slowMs }: { slowMs: number }): Promise<Fleet> {
  const vendors = await Promise.all(
    Object.entries(habitsWith(slowMs)).map(async ([name, habit]) => {
      const fleetVendor: FleetVendor = { name, vendor: await startFakeVendor(), calls: [] };
      behave(fleetVendor, habit);
      return fleetVendor;
    }),
  );
  return {
    vendors,
    open: () => vendors.flatMap(({ calls }) => calls).filter(({ endedAt }) => endedAt === null).length,
    heal: () => vendors.forEach((one) => behave(one, () => ({ body: { ok: true } }))),
    close: async () => void (await Promise.all(vendors.map(({ vendor }) => vendor.close()))),
  };
}

function behave({ vendor, calls }: FleetVendor, habit: VendorHabit): void {
  vendor.answer(async (request, response) => {
    const deliveryId = String(request.headers['webhook-id']);
    const call: FleetCall = { deliveryId, beganAt: Date.now(), endedAt: null, isTaken: false };
    calls.push(call);
    response.once('close', () => (call.endedAt = Date.now()));
    const answer = await habit(request, response);
    call.isTaken = answer !== null && answer.body !== LIE && (answer.status ?? 200) < 300;
    return answer;
  });
}
