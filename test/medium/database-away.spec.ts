import { strict as assert } from 'node:assert';
import { type DynamicModule, Injectable } from '@nestjs/common';
import { isRecord } from '../../src/common/primitives.js';
import { EventNotRecordedError } from '../../src/dispatch/event-not-recorded.error.js';
import { IntegrationLogger } from '../../src/index.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { TenantSettings } from '../../src/security/tenants/tenant-settings.js';
import { Database } from '../../src/storage/database.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

@Injectable()
class Desk {
  @IntegrationLogger({ name: 'desk' })
  async book(input: { tenantId: string; sampleId: string }): Promise<string> {
    return `booked ${input.sampleId}`;
  }
}

class DeskModule {}
const desk: DynamicModule = { module: DeskModule, providers: [Desk], exports: [Desk] };

describe('while MongoDB is away', () => {
  let proxy: CuttableProxy;
  let vendor: FakeVendor;
  let host: TestHost;

  beforeEach(async () => {
    proxy = await CuttableProxy.to(mongodbUri());
    vendor = await startFakeVendor();
    const uri = `${proxy.uri(freshDatabaseName('away'))}?serverSelectionTimeoutMS=1000`;
    host = await startTestHost({
      settings: { mongodb: { uri }, reconciler: { intervalMs: 200, graceMs: 5_000 } },
      imports: [desk],
    });
    await host.createIntegration({ url: vendor.url });
  });

  afterEach(async () => {
    await host.close();
    await vendor.close();
    await proxy.cut();
  });

  const emit = (options: Parameters<TestHost['dispatcher']['emit']>[2] = {}) =>
    host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' }, options);

  /** The driver takes a moment to see that its server is back. */
  const emitOnceBack = (idempotencyKey: string) =>
    eventually(
      () => emit({ idempotencyKey }).catch(() => null),
      (event) => event !== null,
    );

  it("gives a host's decorated method its result at once, and writes the log when MongoDB is back", async () => {
    // What its tenant wants hidden must be known, else the log keeps nothing of the call.
    await host.find(TenantSettings).redactionOf(LAB);
    await proxy.cut();
    const startedMs = performance.now();
    await expect(host.find(Desk).book({ tenantId: LAB, sampleId: 'S-1' })).resolves.toBe('booked S-1');
    expect(performance.now() - startedMs).toBeLessThan(50);
    await proxy.restore();
    await host.find(LogWriter).flush();
    expect(await host.logs()).toMatchObject([
      { integrationName: 'desk', status: 'SUCCESS', contextKeys: ['sampleId=S-1'] },
    ]);
  });

  it('connects anew within seconds where the driver has stopped looking for its server', async () => {
    // What mongodb 7.8 does by itself where a heartbeat is written while its connection closes.
    const topology: unknown = Reflect.get(host.find(Database).connection.getClient(), 'topology');
    assert(isRecord(topology) && isRecord(topology['s']) && topology['s']['servers'] instanceof Map);
    for (const { monitor } of topology['s']['servers'].values()) monitor.close();
    await proxy.cut();
    await proxy.restore();
    const emitted = await emitOnceBack('k-1');
    await host.waitForLog(emitted?.deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(vendor.requests).toHaveLength(1);
  });

  it.each([
    {
      away: 'stands still',
      leave: () => Promise.resolve(proxy.freeze()),
      comeBack: () => Promise.resolve(proxy.thaw()),
    },
    { away: 'is gone', leave: () => proxy.cut(), comeBack: () => proxy.restore() },
  ])('goes on also where the server $away while it connects anew', async ({ leave, comeBack }) => {
    await leave();
    const refused = emit({ idempotencyKey: 'k-1' }).catch(() => null);
    const database = host.find(Database);
    const reopen: unknown = Reflect.get(database, 'reopen');
    assert(typeof reopen === 'function');
    await Reflect.apply(reopen, database, []);
    await comeBack();
    await refused;
    const emitted = await emitOnceBack('k-2');
    await host.waitForLog(emitted?.deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(vendor.requests.length).toBeGreaterThan(0);
  });

  it('refuses an emit with what to do, and takes the same key once MongoDB is back', async () => {
    await proxy.cut();
    const refused = await emit({ idempotencyKey: 'k-1' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EventNotRecordedError);
    expect(refused).toMatchObject({
      code: 'EVENT_NOT_RECORDED',
      remedy: expect.stringContaining('same idempotency key'),
    });
    await proxy.restore();
    const taken = await emitOnceBack('k-1');
    expect(taken?.duplicate).toBe(false);
    await host.waitForLog(taken?.deliveries[0]?.logId ?? '', 'SUCCESS');
  });
});
