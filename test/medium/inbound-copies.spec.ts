import { Injectable } from '@nestjs/common';
import { InboundWebhook, WaybillModule } from '../../src/index.js';
import { pageAddressOf } from '../../src/inbound/sources/source-token.js';
import { SourceRotation } from '../../src/inbound/sources/source-rotation.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

@Injectable()
class Results {
  @InboundWebhook('acme-lab', '*')
  onResult(): unknown {
    return { stored: true };
  }
}

const BODY = JSON.stringify({ type: 'ping' });
const API_KEY = {
  verification: { kind: 'api-key', in: 'header', name: 'x-key', secrets: ['a-key-of-acme'] },
};

describe('copies of a webhook', () => {
  let host: TestHost;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    lab = new ApiClient(host, await host.createKey());
  });

  afterEach(() => jest.restoreAllMocks());

  afterAll(() => host.close());

  const post = (path: string, headers = signed(BODY)) => host.http.post(path).set(headers).send(BODY);

  const repeatsOf = async (id: string) => (await lab.get(`/v1/logs/${id}`).expect(200)).body.repeats;

  const countedTo = (id: string, count: number) =>
    eventually(
      () => repeatsOf(id),
      (repeats) => repeats?.count === count,
    );

  it.each(['async', 'sync'])('are counted in its log, and on the page, at a source that is %s', async (mode) => {
    const { path, source } = await createSource(host, { mode });
    const headers = signed(BODY);
    const before = new Date();
    await post(path, headers);
    const log = await eventually(
      async () => (await host.logs()).find(({ integrationId }) => integrationId === source._id),
      (found) => found?.status === 'SUCCESS',
    );
    const id = String(log?._id);
    expect(await repeatsOf(id)).toBeNull();
    await Promise.all(Array.from({ length: 30 }, () => post(path, headers)));
    const { lastAt } = await countedTo(id, 30);
    expect(new Date(lastAt).getTime()).toBeGreaterThanOrEqual(before.getTime());
    const listed = await lab.get(`/v1/logs?integrationId=${source._id}`).expect(200);
    expect(listed.body.items).toMatchObject([{ id, repeats: { count: 30, lastAt }, attemptCount: 1 }]);
    const { token } = await host.find(SourceRotation).rotatePage(LAB, source._id, 'test');
    const { text } = await host.http.get(pageAddressOf(token)).expect(200);
    const shownAt = String(lastAt).slice(0, 19).replace('T', ' ');
    expect(text).toContain(`taken and done, and 30 times again, last at ${shownAt} UTC</td>`);
  });

  it('are those with the same body where nothing names the event', async () => {
    const { path, source } = await createSource(host, { ...API_KEY, eventType: null });
    const send = (body: string) => host.http.post(path).set({ 'x-key': 'a-key-of-acme' }).send(body).expect(202);
    const first = await send('one');
    expect((await send('one')).body).toEqual(first.body);
    const other = await send('two');
    const logs = (await host.logs()).filter(({ integrationId }) => integrationId === source._id);
    expect(logs.map(({ _id }) => _id)).toEqual([other.body.id, first.body.id]);
    await countedTo(first.body.id, 1);
    for (const { _id } of logs) await host.waitForLog(_id, 'SUCCESS');
    expect(await repeatsOf(other.body.id)).toBeNull();
  });

  it('are answered without waiting for the count, and also where it cannot be written', async () => {
    const { path } = await createSource(host);
    const headers = signed(BODY);
    const { id } = (await post(path, headers).expect(202)).body;
    await host.waitForLog(id, 'SUCCESS');
    let refuse: (error: Error) => void = () => undefined;
    const update = jest
      .spyOn(host.find(Database), 'updateEach')
      .mockReturnValue(new Promise((_resolve, reject) => (refuse = reject)));
    expect((await post(path, headers).expect(202)).body).toEqual({ id });
    await eventually(
      () => JSON.stringify(update.mock.calls),
      (calls) => calls.includes('repeats.count'),
    );
    refuse(new Error('away'));
    update.mockRestore();
    await post(path, headers).expect(202);
    await countedTo(id, 1);
  });
});
