import { setTimeout as delay } from 'node:timers/promises';
import { type FakeVendor, startFakeVendor, type VendorHabit } from '../support/fake-vendor.js';

const HUGE = Buffer.alloc(3 * 1_048_576, 'x');

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
  lying: () => (Math.random() < 0.3 ? { body: { ok: false } } : { body: { ok: true } }),
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

interface FleetCall {
  /** When it was answered or its connection ended; `null` while it goes on. */
  endedAt: number | null;
}

export interface FleetVendor {
  readonly name: string;
  readonly vendor: FakeVendor;
  /** Calls that it answered with success, by delivery id. A call that it broke off may count too: it has the data. */
  readonly taken: Map<string, number>;
  readonly calls: FleetCall[];
}

export interface Fleet {
  readonly vendors: readonly FleetVendor[];
  /** Calls that have not ended, or ended so lately that their records may not be written. */
  inFlight(recordMs: number): number;
  /** From now on they all answer well and at once. */
  heal(): void;
  close(): Promise<void>;
}

/** Starts them all; each counts what it took. */
export async function startFleet({ slowMs }: { slowMs: number }): Promise<Fleet> {
  const vendors = await Promise.all(
    Object.entries(habitsWith(slowMs)).map(async ([name, habit]) => {
      const fleetVendor: FleetVendor = { name, vendor: await startFakeVendor(), taken: new Map(), calls: [] };
      behave(fleetVendor, habit);
      return fleetVendor;
    }),
  );
  return {
    vendors,
    inFlight: (recordMs) => {
      const since = Date.now() - recordMs;
      const isOpen = ({ endedAt }: FleetCall) => endedAt === null || endedAt >= since;
      return vendors.reduce((sum, { calls }) => sum + calls.filter(isOpen).length, 0);
    },
    heal: () => vendors.forEach((one) => behave(one, () => ({ body: { ok: true } }))),
    close: async () => void (await Promise.all(vendors.map(({ vendor }) => vendor.close()))),
  };
}

function behave({ vendor, taken, calls }: FleetVendor, habit: VendorHabit): void {
  vendor.answer(async (request, response) => {
    const call: FleetCall = { endedAt: null };
    calls.push(call);
    response.once('close', () => (call.endedAt = Date.now()));
    const answer = await habit(request, response);
    const id = String(request.headers['webhook-id']);
    const isOk =
      answer !== null && (answer.status ?? 200) < 300 && !JSON.stringify(answer.body ?? {}).includes('false');
    if (isOk) taken.set(id, (taken.get(id) ?? 0) + 1);
    return answer;
  });
}
