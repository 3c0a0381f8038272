import { Injectable } from '@nestjs/common';
import { InboundWebhook, IntegrationLogger, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { createSource } from '../support/inbound-sources.js';
import { startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const KEY = 'Tr0ub4dor-of-acme';

@Injectable()
class Results {
  @InboundWebhook('acme-lab', '*')
  @IntegrationLogger()
  onResult(_body: unknown, { request }: ReceivedWebhook) {
    return { url: request.url, headers: request.headers };
  }
}

describe('what proves the sender of a webhook', () => {
  let host: TestHost;
  let lab: ApiClient;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Results] })] });
    lab = new ApiClient(host, await host.createKey());
  });

  afterAll(() => host.close());

  async function call(place: 'header' | 'query', partial: Parameters<typeof createSource>[1] = {}) {
    const verification = { kind: 'api-key', in: place, name: 'X-Acme-Caller', secrets: [KEY] };
    const { path } = await createSource(host, { verification, ...partial });
    const query = place === 'query' ? `?order=A%201&X-Acme%2DCaller=${KEY}&urgent` : '?order=A%201&urgent';
    const headers = { 'x-lab': 'north', ...(place === 'header' ? { 'X-Acme-Caller': KEY } : {}) };
    const answer = await host.http.post(`${path}${query}`).set(headers).send({ patient: 'P-1' }).expect(202);
    return { logId: String(answer.body.id), token: path.split('/').at(-1) ?? '' };
  }

  it.each([
    ['header', '/hooks/***?order=A%201&urgent'],
    ['query', '/hooks/***?order=A%201&X-Acme-Caller=***&urgent'],
  ] as const)('does not stand in the log of the method that works on it, in the %s', async (place, url) => {
    const { logId, token } = await call(place);
    await host.waitForLog(logId, 'SUCCESS');
    const child = await eventually(
      async () => (await host.logs()).find(({ parentLogId }) => parentLogId === logId),
      (found) => found?.status === 'SUCCESS',
    );
    const { body } = await lab.get(`/v1/logs/${child?._id}`).expect(200);
    const shown = JSON.stringify(body);
    expect(shown).toContain(url);
    expect(shown).toContain('north');
    expect(shown).not.toContain(KEY);
    expect(shown).not.toContain(token);
  });

  it('is not given to a mapping, nor shown by its preview', async () => {
    const mapping = '{ "patientId": headers."x-lab" & headers."x-acme-caller" & query."X-Acme-Caller" }';
    const handling = { kind: 'emit', actionId: PatientRegistered.id, mapping };
    for (const place of ['header', 'query'] as const) {
      const { logId } = await call(place, { handling });
      await host.waitForLog(logId, 'SUCCESS');
      const { body } = await lab.post(`/v1/logs/${logId}/preview`, {}).expect(200);
      expect(JSON.stringify(body)).toContain('north***');
      expect(JSON.stringify(body)).not.toContain(KEY);
    }
  });
});
