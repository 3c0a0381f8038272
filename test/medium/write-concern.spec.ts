import { strict as assert } from 'node:assert';
import { Injectable } from '@nestjs/common';
import { InboundWebhook, WaybillModule } from '../../src/index.js';
import { LogFallback } from '../../src/logging/log-fallback.js';
import { Database } from '../../src/storage/database.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { createSource, signed } from '../support/inbound-sources.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { LAB, startTestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

@Injectable()
class Results {
  calls = 0;

  @InboundWebhook('acme-lab', '*')
  onResult(): void {
    this.calls += 1;
  }
}

const NOT_IN_TIME = { code: 64, errmsg: 'waiting for replication timed out' };
const WRITES = ['insert', 'update', 'delete', 'findAndModify'];

describe('what is written to MongoDB', () => {
  let vendor: FakeVendor;

  beforeEach(async () => (vendor = await startFakeVendor()));
  afterEach(() => vendor.close());

  it.each([
    { query: '', expected: { w: 'majority' } },
    { query: '&w=1', expected: { w: 1 } },
    { query: '&journal=true', expected: { j: true } },
    { query: '&wtimeoutMS=5000', expected: { w: 'majority', wtimeout: 5_000 } },
  ])('is acknowledged as durable, unless the URI says otherwise ("$query")', async ({ query, expected }) => {
    const uri = `${mongodbUri().replace(/\/$/, '')}/${freshDatabaseName('concern')}?monitorCommands=true${query}`;
    const host = await startTestHost({ settings: { mongodb: { uri } } });
    const concerns: unknown[] = [];
    const client = host.find(Database).connection.getClient();
    client.on('commandStarted', ({ commandName, command }) => {
      if (WRITES.includes(commandName)) concerns.push(command['writeConcern']);
    });
    await host.createIntegration({ url: vendor.url });
    const { deliveries } = await host.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    await host.waitForLog(deliveries[0]?.logId ?? '', 'SUCCESS');
    expect(concerns.length).toBeGreaterThan(3);
    expect(concerns).toEqual(concerns.map(() => expected));
    await host.close();
  });

  it('is written again where the members of a replica set have not confirmed it in time', async () => {
    const host = await startTestHost({
      settings: { reconciler: { intervalMs: 200, graceMs: 200 } },
      imports: [WaybillModule.forFeature({ handlers: [Results] })],
    });
    const { path } = await createSource(host);
    const { db } = host.find(Database).connection;
    assert(db);
    const command = db.command.bind(db);
    let inserts = 0;
    jest.spyOn(db, 'command').mockImplementation(async (sent, options) => {
      const answer = await command(sent, options);
      if (sent['insert'] !== 'integration_logs') return answer;
      inserts += 1;
      return inserts === 1 ? { ...answer, writeConcernError: NOT_IN_TIME } : answer;
    });
    const body = JSON.stringify({ type: 'result.ready' });
    const taken = await host.http.post(path).set(signed(body)).send(body).expect(202);
    await host.waitForLog(taken.body.id, 'SUCCESS');
    expect(inserts).toBeGreaterThan(1);
    expect(host.find(Results).calls).toBe(1);
    expect(host.find(LogFallback).refusedCount()).toBe(0);
    await host.close();
  });
});
