import { asIntegrationId, asTryId } from '../../src/common/ids.js';
import { admissionKeysOf, admissionPrefixOf } from '../../src/scheduling/admission-keys.js';
import { Admission, type SlotOutcome, type SlotOwner } from '../../src/scheduling/admission.js';
import { RedisConnections } from '../../src/storage/redis-connections.js';
import { eventually } from '../support/eventually.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

describe('the admission of tries', () => {
  let host: TestHost;
  let admission: Admission;
  let owner: SlotOwner;
  let integrations = 0;

  beforeAll(async () => {
    host = await startTestHost({ role: 'api' });
    admission = host.find(Admission);
  });
  afterAll(() => host.close());
  beforeEach(() => {
    integrations += 1;
    owner = { integrationId: asIntegrationId(`int_${integrations}`), tenantId: LAB, traffic: null };
  });

  const aTry = (number: number) => ({ id: asTryId(`log_${number}-1`), dueAt: new Date() });

  it('gives a try that is asked for twice one slot', async () => {
    expect((await admission.admit(owner, [aTry(1)], 'fresh')).jobs).toMatchObject([{ tries: ['log_1-1'] }]);
    expect((await admission.admit(owner, [aTry(1)], 'fresh')).jobs).toEqual([]);
    expect((await admission.release(owner, [{ id: aTry(1).id, outcome: { kind: 'ok' } }])).jobs).toEqual([]);
  });

  it('gives a try another slot that was set aside and asked for again before its slot came back', async () => {
    await admission.admit(owner, [aTry(1)], 'fresh');
    await admission.admit(owner, [aTry(1)], 'fresh');
    const { jobs } = await admission.release(owner, [{ id: aTry(1).id, outcome: { kind: 'parked' } }]);
    expect(jobs).toMatchObject([{ tries: ['log_1-1'] }]);
    expect((await admission.release(owner, [{ id: aTry(1).id, outcome: { kind: 'parked' } }])).jobs).toEqual([]);
  });

  describe('where the vendor throttles', () => {
    const coolForMs = async () => (await admission.look(owner)).coolForMs;
    const ended = (outcome: SlotOutcome) => admission.release(owner, [{ id: aTry(1).id, outcome }]);
    const throttled = async (forMs = 0) => {
      await eventually(coolForMs, (ms) => ms === 0);
      return (await ended({ kind: 'cool', forMs })).coolForMs;
    };

    it('cools down for twice as long each time it is throttled again, until it takes a call', async () => {
      expect(await throttled()).toBe(1_000);
      expect(await throttled()).toBe(2_000);
      await eventually(coolForMs, (ms) => ms === 0);
      await ended({ kind: 'ok' });
      expect(await throttled()).toBe(1_000);
    });

    it('takes the answers to calls that began before it cooled down for no news', async () => {
      await throttled();
      for (let answer = 0; answer < 10; answer += 1) await ended({ kind: 'cool', forMs: 0 });
      expect(await coolForMs()).toBeLessThanOrEqual(1_000);
      await ended({ kind: 'ok' });
      expect(await throttled()).toBe(2_000);
    });

    it('cools down for a minute at the most', async () => {
      const { gate } = admissionKeysOf(
        admissionPrefixOf(host.settings.redis.prefix ?? '', 'delivery'),
        owner.integrationId,
      );
      await host.find(RedisConnections).forQueues().hset(gate, 'throttled', 1_000);
      expect(await throttled()).toBe(60_000);
    });

    it('waits for as long as the vendor asks instead, where it does', async () => {
      expect(await throttled(5_000)).toBe(5_000);
    });

    it('lets two through after that, and all once one was taken', async () => {
      const usual = (await admission.look(owner)).limit;
      expect(usual).toBeGreaterThan(2);
      await throttled();
      await eventually(coolForMs, (ms) => ms === 0);
      expect((await admission.look(owner)).limit).toBe(2);
      await ended({ kind: 'ok' });
      expect((await admission.look(owner)).limit).toBe(usual);
    });
  });
});
