import { Database } from '../../src/storage/database.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { LAB, startTestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

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
});
