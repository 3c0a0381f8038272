import { Logger } from '@nestjs/common';
import { asLogId } from '../../src/common/ids.js';
import { createSource, SECRET, signed } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const BODY = JSON.stringify({ type: 'result.ready', note: 'of nobody in particular' });

describe('webhooks that are refused', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost();
  });

  afterAll(() => host.close());
  afterEach(() => jest.restoreAllMocks());

  const refuse = (path: string, headers = {}) => host.http.post(path).type('json').set(headers).send(BODY).expect(401);

  const logsOf = async ({ _id }: { readonly _id: string }) =>
    (await host.logs()).filter(({ integrationId }) => integrationId === _id);

  it('in a burst are told to the operator once a minute, of each source by itself', async () => {
    const said = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const lines = () => said.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('refused'));
    const [attacked, other] = [await createSource(host), await createSource(host)];
    for (let call = 0; call < 19; call += 1) await refuse(attacked.path);
    await refuse(other.path);
    expect(lines()).toEqual([]);
    for (let call = 0; call < 10; call += 1) await refuse(attacked.path);
    expect(lines()).toEqual([
      `Source ${attacked.source._id} refused 20 requests within a minute; the last: header webhook-id is missing`,
    ]);
  });

  it('leave a log up to 60 times a minute, and are refused all the same', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { path, source } = await createSource(host);
    for (let call = 0; call < 65; call += 1) await refuse(path);
    expect(await logsOf(source)).toHaveLength(60);
  });

  it.each([
    [true, { text: BODY }],
    [false, { text: '' }],
  ])('have their body in the log only where the source says so: %p', async (keepsRefusedBodies, { text }) => {
    const { path, source } = await createSource(host, { keepsRefusedBodies });
    const headers = { ...signed(BODY), 'webhook-signature': signed(`${BODY} `)['webhook-signature'] };
    await refuse(path, headers);
    const [{ _id } = { _id: '' }] = await logsOf(source);
    const log = await host.findLog(asLogId(_id));
    expect(log).toMatchObject({ status: 'FAIL', errorCode: 'WEBHOOK_REFUSED' });
    expect(log?.firstAttempt?.request?.body).toMatchObject({ sizeBytes: BODY.length, text });
    expect(JSON.stringify(log).includes('nobody in particular')).toBe(keepsRefusedBodies);
    expect(JSON.stringify(log)).not.toContain(SECRET);
  });
});
