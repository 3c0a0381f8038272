import { jest } from '@jest/globals';
import { mulberry32 } from '../../demo/input/random.js';
import { isRecord } from '../../src/common/primitives.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor, type VendorRequest } from '../support/fake-vendor.js';
import { Installation } from '../support/installation.js';
import { mostWithin } from '../support/most-within.js';

const RATE_PER_S = 20;
const BURST = 5;
const RATED_MS = 30_000;
/** More than the burst and 30 s of the rate, so that there is always one that waits. */
const RATED = 700;
const KEYS = 20;
const ORDERED = 1_000;
const SEED = 2_026;
/** Of all calls; a delivery can be hit several times. */
const FAILURES = 0.25;

const ACTIONS = [
  { id: 900, name: 'sample.collected', contextFields: [{ name: 'number', type: 'number', required: true }] },
  {
    id: 901,
    name: 'sample.moved',
    contextFields: [
      { name: 'sampleId', type: 'string', required: true },
      { name: 'number', type: 'number', required: true },
    ],
  },
];

// A machine that stalls lets calls arrive together that were made apart: one of two measurements may be spoilt by it.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

type Failure = 'answers 500' | 'closes the connection';

describe('the traffic of two workers, each in a process of its own', () => {
  let rated: FakeVendor;
  let ordered: FakeVendor;
  let intent: FakeVendor;
  let waybill: Installation;

  beforeAll(async () => {
    [rated, ordered, intent] = await Promise.all([startFakeVendor(), startFakeVendor(), startFakeVendor()]);
    intent.answer({ body: {} });
    // Nothing here may lean on the reconciler, which brings what was forgotten.
    waybill = await Installation.start('traffic', { env: { WAYBILL_RECONCILER_GRACE_MS: '600000' } });
    await waybill.call('POST', '/v1/tenants', { id: 'lab-1', name: 'Lab one' });
    for (const action of ACTIONS) await waybill.call('POST', '/v1/actions', { ...action, intentUrl: intent.url });
    await Promise.all([waybill.startWorker(), waybill.startWorker()]);
    await integrate(900, rated, { rate: { calls: RATE_PER_S, per: 'second', burst: BURST } });
    await integrate(901, ordered, { ordering: { by: 'sampleId' }, breaker: { minCalls: 10 * ORDERED } });
  });

  afterAll(async () => {
    await waybill.close();
    await Promise.all([rated.close(), ordered.close(), intent.close()]);
  });

  const integrate = (actionId: number, vendor: FakeVendor, traffic: object) =>
    waybill.call('POST', '/v1/integrations', {
      tenantId: 'lab-1',
      actionId,
      name: `Vendor of ${actionId}`,
      vendor: 'EHR',
      endpoint: { url: vendor.url },
      mapping: '{ "sampleId": context.sampleId, "number": context.number }',
      retryPolicy: { maxAttempts: 50, baseDelayMs: 10, maxDelayMs: 50 },
      traffic,
    });

  async function emit(count: number, eventOf: (index: number) => object): Promise<void> {
    const events = Array.from({ length: count }, (_, index) => eventOf(index));
    expect(await waybill.call('POST', '/v1/events/batch', { events })).toMatchObject({ accepted: count });
  }

  it(`makes ${RATE_PER_S} calls a second for ${RATED_MS / 1_000} s, and never more than them and the burst in one`, async () => {
    const before = rated.requests.length;
    await emit(RATED, (index) => ({ action: 'sample.collected', context: { tenantId: 'lab-1', number: index } }));
    await rated.waitFor(before + (RATED_MS / 1_000) * RATE_PER_S * 1.05, RATED_MS * 2);
    const measured = rated.requests.slice(before);
    const times = measured.map(({ receivedAt }) => receivedAt.getTime());
    const first = times[0] ?? 0;
    const calls = times.filter((at) => at - first < RATED_MS).length;
    process.stdout.write(`rate: ${calls} calls in 30 s, ${mostWithin(1_000, measured)} in one second\n`);
    expect(calls).toBeGreaterThan((RATED_MS / 1_000) * RATE_PER_S * 0.95);
    expect(calls).toBeLessThan((RATED_MS / 1_000) * RATE_PER_S * 1.05);
    expect(mostWithin(1_000, measured)).toBeLessThanOrEqual(BURST + RATE_PER_S);
  });

  it(`delivers ${ORDERED} of ${KEYS} samples in the order of each sample, whatever fails in between`, async () => {
    const failures = failuresOf(ORDERED);
    const planned = failures.flat().length;
    ordered.answer((request, response) => {
      const { index } = eventIn(request);
      const failure = failures[index]?.shift();
      if (failure === 'answers 500') return { status: 500 };
      if (failure === undefined) return { status: 200 };
      response.destroy();
      return null;
    });
    await emit(ORDERED, (index) => ({
      action: 'sample.moved',
      context: { tenantId: 'lab-1', sampleId: `S-${index % KEYS}`, number: index },
    }));
    await ordered.waitFor(ORDERED + planned, 60_000);
    await eventually(
      () => waybill.mongo.collection('integration_logs').countDocuments({ actionId: 901, status: 'SUCCESS' }),
      (count) => count === ORDERED,
    );
    expect(ordered.requests).toHaveLength(ORDERED + planned);
    const calls = ordered.requests.map(eventIn);
    for (let key = 0; key < KEYS; key += 1) {
      const numbers = calls.filter(({ sampleId }) => sampleId === `S-${key}`).map(({ index }) => index);
      expect(new Set(numbers).size).toBe(ORDERED / KEYS);
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    }
  });
});

/** What befalls each event's calls before one succeeds: the same in every run. */
function failuresOf(count: number): Failure[][] {
  const random = mulberry32(SEED);
  return Array.from({ length: count }, () => {
    const failures: Failure[] = [];
    while (random() < FAILURES) failures.push(random() < 0.5 ? 'answers 500' : 'closes the connection');
    return failures;
  });
}

function eventIn({ json }: VendorRequest): { sampleId: string; index: number } {
  return isRecord(json)
    ? { sampleId: String(json['sampleId']), index: Number(json['number']) }
    : { sampleId: '', index: -1 };
}
