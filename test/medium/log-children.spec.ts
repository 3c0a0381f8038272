import { type DynamicModule, Injectable } from '@nestjs/common';
import { type Connection, createConnection } from 'mongoose';
import { ActionDispatcher, IntegrationLogger } from '../../src/index.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { LAB, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

@Injectable()
class Desk {
  constructor(private readonly dispatcher: ActionDispatcher) {}

  @IntegrationLogger({ name: 'registration' })
  async register({ tenantId, patientId }: { tenantId: string; patientId: string }): Promise<void> {
    await this.check(1);
    await this.check(2).catch(() => undefined);
    await this.dispatcher.emit(PatientRegistered, { tenantId, patientId });
  }

  @IntegrationLogger({ name: 'check', direction: 'outbound' })
  async check(step: number): Promise<void> {
    if (step === 2) throw new Error('refused');
  }

  @IntegrationLogger({ name: 'check of many' })
  async checkMany(_whose: { tenantId: string }, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.check(1)));
  }

  @IntegrationLogger({ name: 'check elsewhere' })
  async checkElsewhere(_whose: { tenantId: string }): Promise<void> {
    await this.note({ tenantId: 'lab-2' });
  }

  @IntegrationLogger({ name: 'note' })
  async note(_whose: { tenantId?: string }): Promise<void> {}
}

class DeskModule {}
const desk: DynamicModule = { module: DeskModule, providers: [Desk] };

describe('a log and the calls that were made in it', () => {
  let connection: Connection;
  let host: TestHost;
  let vendor: FakeVendor;
  let lab: ApiClient;
  let platform: ApiClient;
  const finds: Record<string, unknown>[] = [];

  beforeAll(async () => {
    const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${freshDatabaseName('children')}`);
    connection = await createConnection(uri, { monitorCommands: true, bufferCommands: false }).asPromise();
    connection.getClient().on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' && command['find'] === 'integration_logs') finds.push(command);
    });
    vendor = await startFakeVendor();
    host = await startServerHost({ settings: { mongodb: { connection } }, imports: [desk] });
    lab = new ApiClient(host, await host.createKey());
    platform = new ApiClient(host, await host.createKey(null));
    await host.createIntegration({ url: vendor.url });
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
    await connection.dropDatabase();
    await connection.close();
  });

  /** The log of that name as the API shows it, once everything is written. */
  async function detailOf(name: string, client = lab, tenant = '') {
    await host.find(LogWriter).flush();
    const { body } = await client.get(`/v1/logs?direction=inbound&${tenant}`).expect(200);
    const { id } = body.items.find(({ integrationName }: { integrationName: string }) => integrationName === name);
    const detail = await client.get(`/v1/logs/${id}?${tenant}`).expect(200);
    return detail.body;
  }

  it('are shown with it in their order, deliveries that it emitted among them', async () => {
    await host.find(Desk).register({ tenantId: LAB, patientId: 'P-1' });
    const { id, correlationId, children } = await detailOf('registration');
    expect(children).toMatchObject([
      { name: 'check', direction: 'outbound', status: 'SUCCESS', errorClass: null, completedAt: expect.any(String) },
      { name: 'check', status: 'FAIL', errorClass: 'rejected', errorCode: 'Error' },
      { name: 'CRM: new patients', direction: 'outbound' },
    ]);
    const child = await lab.get(`/v1/logs/${children[2].id}`).expect(200);
    expect(child.body).toMatchObject({ parentLogId: id, correlationId, children: [] });
    const event = await lab.get(`/v1/events/${child.body.eventId}`).expect(200);
    expect(event.body.parentLogId).toBe(id);
  });

  it('are found along their index, and are the first hundred', async () => {
    await host.find(Desk).checkMany({ tenantId: LAB }, 130);
    finds.length = 0;
    const { children } = await detailOf('check of many');
    expect(children).toHaveLength(100);
    const { lsid: _session, $db: _db, ...find } = finds.find(({ filter }) => 'parentLogId' in Object(filter)) ?? {};
    const plan = JSON.stringify(await connection.db?.command({ explain: find }));
    expect(plan).toContain('"indexName":"children"');
    expect(plan).not.toMatch(/"stage":"SORT"|"Node Type":"Sort"|BitmapOr/);
  });

  it("are not shown where they are another tenant's", async () => {
    await host.find(Desk).checkElsewhere({ tenantId: LAB });
    expect((await detailOf('check elsewhere')).children).toEqual([]);
  });

  it('of no tenant are for the platform alone to read', async () => {
    await host.find(Desk).note({});
    const detail = await detailOf('note', platform, 'tenantId=(none)');
    expect(detail).toMatchObject({ tenantId: '(none)', status: 'SUCCESS', attempts: [{ outcome: 'success' }] });
    await lab.get('/v1/logs?tenantId=(none)').expect(403);
    await lab.get(`/v1/logs/${detail.id}?tenantId=(none)`).expect(403);
    await lab.get(`/v1/logs/${detail.id}`).expect(404);
  });
});
