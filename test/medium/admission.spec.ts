import { asIntegrationId, asTryId } from '../../src/common/ids.js';
import { Admission, type SlotOwner } from '../../src/scheduling/admission.js';
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
});
