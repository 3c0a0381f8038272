import { TrafficService } from '../../src/scheduling/traffic.service.js';
import { allEnded, emitMany } from '../support/emit-many.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

/** When its calls arrived; those that came within half a second of each other together. */
function roundsOf({ requests }: FakeVendor): number[][] {
  const rounds: number[][] = [];
  for (const at of requests.map(({ receivedAt }) => receivedAt.getTime())) {
    const round = rounds.at(-1);
    if (round && at - (round.at(-1) ?? 0) < 500) round.push(at);
    else rounds.push([at]);
  }
  return rounds;
}

describe('with a vendor that throttles, an integration', () => {
  let vendor: FakeVendor;
  let host: TestHost;

  beforeEach(async () => {
    vendor = await startFakeVendor();
    host = await startTestHost();
  });

  afterEach(async () => {
    await host.close();
    await vendor.close();
  });

  const soon = { maxAttempts: 50, baseDelayMs: 10, maxDelayMs: 10 };

  it('makes no calls for as long as it asks, although others have their slots already', async () => {
    const throttledAt: number[] = [];
    vendor.answer(() => {
      if (throttledAt.length > 0) return { status: 200 };
      throttledAt.push(Date.now());
      return { status: 429, headers: { 'retry-after': '3' } };
    });
    await host.createIntegration({
      url: vendor.url,
      retryPolicy: soon,
      traffic: { rate: { calls: 1, per: 'second', burst: 1 } },
    });
    await emitMany(host, 3);
    const logs = await allEnded(host);
    expect(logs.every(({ status }) => status === 'SUCCESS')).toBe(true);
    const [, ...later] = vendor.requests.map(({ receivedAt }) => receivedAt.getTime());
    expect(Math.min(...later) - (throttledAt[0] ?? 0)).toBeGreaterThanOrEqual(2_990);
  });

  it('makes fewer and fewer calls where it does not say how long, and goes on once it takes one', async () => {
    let throttles = true;
    vendor.answer(() => ({ status: throttles ? 429 : 200 }));
    const { _id } = await host.createIntegration({ url: vendor.url, retryPolicy: soon });
    await emitMany(host, 20);
    const rounds = await eventually(
      () => roundsOf(vendor),
      ({ length }) => length >= 4,
    );
    throttles = false;
    const [first = [], ...further] = rounds;
    // Each of the first ones was on its way before an answer had come.
    expect(first.length).toBeLessThanOrEqual(20);
    for (const round of further) expect(round.length).toBeLessThanOrEqual(2);
    const waits = further.map(([begin = 0], index) => begin - (rounds[index]?.[0] ?? 0));
    expect(waits[0]).toBeGreaterThanOrEqual(990);
    expect(waits[1]).toBeGreaterThanOrEqual(1_990);
    expect(waits[2]).toBeGreaterThanOrEqual(3_990);
    const logs = await allEnded(host);
    expect(logs.every(({ status }) => status === 'SUCCESS')).toBe(true);
    expect(await host.find(TrafficService).stateOf(LAB, _id)).toMatchObject({ due: 0, coolUntil: null });
  });
});
