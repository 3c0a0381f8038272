import { type DynamicModule, Injectable } from '@nestjs/common';
import { IntegrationLogger } from '../../src/index.js';
import { CALL_PROCESSES } from '../../src/logging/decorator/call-process.collection.js';
import { ProcessRegistry } from '../../src/logging/decorator/process-registry.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

@Injectable()
class Desk {
  private letGo: () => void = () => undefined;

  /** Runs until it is let go. */
  @IntegrationLogger({ direction: 'outbound' })
  async book(_input: { tenantId: string; sampleId: string }): Promise<string> {
    await new Promise<void>((resolve) => (this.letGo = resolve));
    return 'booked';
  }

  end(): void {
    this.letGo();
  }
}

class DeskModule {}
const desk: DynamicModule = { module: DeskModule, providers: [Desk], exports: [Desk] };

describe('a decorated call whose process is gone', () => {
  let host: TestHost;
  let other: TestHost;
  let stale: Promise<string>;

  beforeEach(async () => {
    host = await startTestHost({ role: 'api', settings: { calls: { lostAfterMs: 1_000 } }, imports: [desk] });
    // This one's watch is far slower: it looks dead to the first as soon as its beats stand still for a second.
    other = await startTestHost({
      role: 'api',
      settings: { ...host.settings, calls: { lostAfterMs: 3_600_000 } },
      imports: [desk],
    });
    stale = other.find(Desk).book({ tenantId: LAB, sampleId: 'S-1' });
    await other.find(LogWriter).flush();
  });

  afterEach(async () => {
    other.find(Desk).end();
    await stale;
    await other.close({ keepData: true });
    await host.close();
  });

  const logOf = async (sampleId: string): Promise<IntegrationLog | undefined> =>
    (await host.logs()).find(({ context }) => context['sampleId'] === sampleId);

  const lost = () =>
    eventually(
      () => logOf('S-1'),
      (log) => log?.status === 'FAIL',
    );

  it('FAILs as unknown, while that of a process that lives goes on', async () => {
    const living = host.find(Desk).book({ tenantId: LAB, sampleId: 'S-2' });
    expect(await lost()).toMatchObject({
      errorClass: 'unknown',
      errorCode: 'PROCESS_DIED',
      errorMessage: 'The process ended before the call did',
      completedAt: expect.any(Date),
    });
    expect(await logOf('S-2')).toMatchObject({ status: 'QUEUED' });
    const lab = new ApiClient(host, await host.createKey());
    const { body } = await lab.get('/v1/logs?errorClass=unknown').expect(200);
    const detail = await lab.get(`/v1/logs/${body.items[0].id}`).expect(200);
    expect(detail.body.attempts).toMatchObject([{ outcome: 'unknown', remedy: expect.any(String) }]);
    host.find(Desk).end();
    await living;
  });

  it('is forgotten as a process', async () => {
    await lost();
    const processes = host.find(Database).collection(CALL_PROCESSES);
    const count = () => processes.countDocuments({ _id: other.find(ProcessRegistry).id });
    expect(await eventually(count, (found) => found === 0)).toBe(0);
  });

  it('tells its end after all where the process was only cut off', async () => {
    const { _id } = (await lost()) ?? {};
    other.find(Desk).end();
    await stale;
    await other.find(LogWriter).flush();
    expect(await host.find(Database).model(INTEGRATION_LOGS).findById(_id).lean()).toMatchObject({
      status: 'SUCCESS',
      errorClass: null,
      attemptCount: 1,
      firstAttempt: { outcome: 'success', response: { body: { text: '"booked"' } } },
    });
    const lab = new ApiClient(host, await host.createKey());
    const { body } = await lab.get('/v1/logs?errorClass=unknown').expect(200);
    expect(body.items).toEqual([]);
  });
});
