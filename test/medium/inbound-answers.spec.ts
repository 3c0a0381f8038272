import { Injectable } from '@nestjs/common';
import {
  InboundWebhook,
  OnIntegrationStatus,
  type StatusListener,
  type StatusUpdate,
  WaybillModule,
} from '../../src/index.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { type PatientContext, PatientRegistered } from '../support/test-lab.js';

@OnIntegrationStatus(PatientRegistered)
class PatientStatus implements StatusListener<PatientContext> {
  readonly told: StatusUpdate<PatientContext>[] = [];

  onStatus(update: StatusUpdate<PatientContext>): void {
    this.told.push(update);
  }
}

@Injectable()
class Results {
  failing = 0;

  @InboundWebhook('acme-lab', '*')
  onResult(): void {
    if (this.failing-- > 0) throw new Error('the store is away');
  }
}

describe('a webhook that answers a delivery', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let path: string;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    host = await startTestHost({
      imports: [WaybillModule.forFeature({ handlers: [Results], listeners: [PatientStatus] })],
    });
    lab = new ApiClient(host, await host.createKey());
    ({ path } = await createSource(host, { answers: { reference: '/order', extract: 'order' } }));
  });

  afterAll(async () => {
    await host.close();
    await vendor.close();
  });

  async function deliver(order: string, vendorName = 'acme-lab'): Promise<string> {
    vendor.answer({ status: 200, body: JSON.stringify({ order }), headers: { 'content-type': 'application/json' } });
    const integration = await host.createIntegration({
      url: vendor.url,
      vendor: vendorName,
      extracts: { order: 'body.order' },
    });
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    const logIds = deliveries.map(({ logId }) => logId);
    await Promise.all(logIds.map((logId) => host.waitForLog(logId, 'SUCCESS')));
    const own = (await host.logs()).find(
      ({ _id, integrationId }) => logIds.includes(_id) && integrationId === integration._id,
    );
    await lab.patch(`/v1/integrations/${integration._id}`, { enabled: false, version: integration.version });
    return own?._id ?? '';
  }

  async function call(order: string, status = 'SUCCESS' as const): Promise<string> {
    const body = JSON.stringify({ type: 'order.done', order });
    const answer = await host.http.post(path).set(signed(body)).send(body).expect(202);
    await host.waitForLog(answer.body.id, status);
    return answer.body.id;
  }

  const detail = async (id: string) => (await lab.get(`/v1/logs/${id}`).expect(200)).body;

  it('stands in both logs, and is told to those who listen to the delivery, once', async () => {
    const delivery = await deliver('A-1');
    host.find(Results).failing = 1;
    const webhook = await call('A-1');
    expect(await detail(webhook)).toMatchObject({ attemptCount: 2, answers: { reference: 'A-1', logId: delivery } });
    const answer = { type: 'order.done', logId: webhook };
    expect((await detail(delivery)).answeredBy).toEqual([{ ...answer, at: expect.any(String) }]);
    const again = await call('A-1');
    const told = await eventually(
      () => host.find(PatientStatus).told.filter(({ logId }) => logId === delivery),
      ({ length }) => length === 4,
    );
    expect(told.map(({ status, sequence }) => [status, sequence])).toEqual([
      ['QUEUED', 0],
      ['SUCCESS', 2],
      ['SUCCESS', 2.001],
      ['SUCCESS', 2.002],
    ]);
    expect(told.map((update) => update.answer?.logId)).toEqual([undefined, undefined, webhook, again]);
    expect(told[2]?.answer).toEqual(answer);
  });

  it('is of the newest delivery of its vendor', async () => {
    await deliver('A-2');
    const newest = await deliver('A-2');
    await deliver('A-2', 'another vendor');
    expect((await detail(await call('A-2'))).answers.logId).toBe(newest);
  });

  it('goes on where there is no such delivery, and says so', async () => {
    expect(await detail(await call('A-3'))).toMatchObject({
      status: 'SUCCESS',
      answers: { reference: 'A-3', logId: null },
    });
  });

  it('is told each time, however many come at the same time', async () => {
    const delivery = await deliver('A-4');
    const webhooks = await Promise.all(Array.from({ length: 5 }, () => call('A-4')));
    const { answeredBy } = await detail(delivery);
    expect(answeredBy.map(({ logId }: { logId: string }) => logId).toSorted()).toEqual(webhooks.toSorted());
    await eventually(
      () => host.find(PatientStatus).told.filter(({ logId, answer }) => logId === delivery && answer),
      ({ length }) => length === 5,
    );
  });
});
