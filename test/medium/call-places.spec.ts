import { LaneQueues } from '../../src/queues/lane-queues.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

describe('a process that can make one call at a time', () => {
  let vendor: FakeVendor;
  let host: TestHost;

  beforeEach(async () => {
    vendor = await startFakeVendor();
    host = await startTestHost({ settings: { delivery: { concurrency: 1 } } });
  });

  afterEach(async () => {
    await host.close();
    await vendor.close();
  });

  it('makes them one after the other, and counts no wait for its place as time of a try', async () => {
    const held: (() => void)[] = [];
    let running = 0;
    let most = 0;
    vendor.answer(async () => {
      most = Math.max(most, ++running);
      if (held.length === 0) await new Promise<void>((resolve) => held.push(resolve));
      running -= 1;
      return { body: {} };
    });
    await host.createIntegration({ url: vendor.url });
    for (let visit = 1; visit <= 3; visit += 1)
      await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1', visit });
    await vendor.waitFor(1);
    await eventually(
      () => host.find(LaneQueues).queue('delivery').getActiveCount(),
      (active) => active === 3,
    );
    const releasedAt = new Date();
    held[0]?.();
    const logs = await eventually(
      () => host.logs(),
      (all) => all.length === 3 && all.every(({ status }) => status === 'SUCCESS'),
    );
    expect(most).toBe(1);
    const whole = await Promise.all(logs.map(({ _id }) => host.findLog(_id)));
    const begun = whole.map((log) => log?.firstAttempt?.startedAt ?? new Date(0));
    expect(begun.filter((startedAt) => startedAt >= releasedAt)).toHaveLength(2);
  });
});
