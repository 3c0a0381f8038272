import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, type DynamicModule, Get, Injectable, Param, UnprocessableEntityException } from '@nestjs/common';
import { IntegrationLogger, TenantService } from '../../src/index.js';
import { NO_REDACTION, type RedactionSettings } from '../../src/common/redaction-rules.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { eventually } from '../support/eventually.js';
import { freshDatabaseName, mongodbUri, redisUrl } from '../support/services.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

interface Order {
  readonly tenantId?: string;
  readonly sampleId: string;
  readonly patientId?: string;
  readonly patient: { readonly name: string; readonly age: number };
}

@Injectable()
class Desk {
  @IntegrationLogger({ name: 'desk', redact: { paths: ['/request/body/0/patient/age'] } })
  async book({ sampleId, patient }: Order): Promise<object> {
    if (sampleId === 'S-bad') throw new UnprocessableEntityException(`no room for ${patient.name}, MRN-777123`);
    return { sampleId, holder: patient.name, file: 'MRN-777123' };
  }
}

@Controller('labs/:tenantId/patients/:patientId')
class PatientsController {
  @Get()
  @IntegrationLogger({ name: 'route' })
  show(@Param('patientId') patientId: string): object {
    return { holder: 'Zenobia Quill', patientId };
  }
}

class DeskModule {}
const desk: DynamicModule = {
  module: DeskModule,
  controllers: [PatientsController],
  providers: [Desk],
  exports: [Desk],
};

const RULES: RedactionSettings = {
  paths: ['/response/body/holder', '/headers/x-who', '/query/who', '/params/patientId'],
  names: ['name'],
  patterns: ['MRN-\\d+', 'Zenobia( Quill)?'],
};
const ORDER: Order = { tenantId: LAB, sampleId: 'S-1', patient: { name: 'Zenobia Quill', age: 71 } };
const HIDDEN = /Zenobia|Quill|MRN-7|:71/;
/** Of the call itself; what it takes beside is some hundredths of that. */
const HARDLY_LONGER_MS = 50;

describe("what a tenant wants hidden, in the logs of a host's own calls", () => {
  let mongo: CuttableProxy;
  let redis: CuttableProxy;
  let dir: string;
  let host: TestHost;

  beforeEach(async () => {
    [mongo, redis] = await Promise.all([CuttableProxy.to(mongodbUri()), CuttableProxy.to(redisUrl())]);
    dir = await mkdtemp(join(tmpdir(), 'waybill-spool-'));
    const uri = `${mongo.uri(freshDatabaseName('call_redaction'))}?serverSelectionTimeoutMS=500`;
    const settings = { mongodb: { uri }, redis: { url: redis.uri('') }, spool: { dir } };
    host = await startTestHost({ role: 'api', settings, imports: [desk] });
    await setRules(RULES);
  });

  afterEach(async () => {
    for (const proxy of [mongo, redis]) {
      await proxy.cut();
      await proxy.restore();
    }
    await host.close();
    await Promise.all([mongo.cut(), redis.cut()]);
    await rm(dir, { recursive: true });
  });

  /** No process knows them before it has read them. */
  const setRules = (redaction: RedactionSettings) => host.find(TenantService).change(LAB, { redaction });

  async function book(order = ORDER): Promise<void> {
    const startedMs = performance.now();
    const answer = await host.find(Desk).book(order);
    expect(performance.now() - startedMs).toBeLessThan(HARDLY_LONGER_MS);
    expect(answer).toMatchObject({ holder: ORDER.patient.name });
  }

  /** Newest first, once they have ended. */
  async function ended(count: number) {
    const logs = await eventually(
      // The connection may come back a moment after the server.
      () => host.logs().catch(() => []),
      (found) => found.length === count && found.every(({ status }) => status !== 'QUEUED'),
    );
    return Promise.all(logs.map(({ _id }) => host.findLog(_id)));
  }

  async function awayWithAll(): Promise<void> {
    await Promise.all([mongo.cut(), redis.cut()]);
  }

  async function spooled(): Promise<string> {
    await host.find(LogWriter).durable();
    const files = await readdir(dir, { recursive: true, withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFile(join(file.parentPath, file.name), 'utf8'));
    return (await Promise.all(texts)).join('');
  }

  it('is hidden in arguments, results, messages, headers, URLs and ids', async () => {
    await book();
    await host
      .find(Desk)
      .book({ ...ORDER, sampleId: 'S-bad' })
      .catch(() => undefined);
    await host.http.get(`/labs/${LAB}/patients/P-1042?who=Dr.Q&x=1`).set('x-who', 'Zenobia').expect(200);
    const logs = await ended(3);
    expect(JSON.stringify(logs)).not.toMatch(HIDDEN);
    const [route, failed, booked] = logs;
    expect(booked?.firstAttempt).toMatchObject({
      request: { body: { text: '[{"tenantId":"lab-1","sampleId":"S-1","patient":{"name":"***","age":"***"}}]' } },
      response: { body: { text: '{"sampleId":"S-1","holder":"***","file":"***"}' } },
    });
    expect(failed).toMatchObject({ status: 'FAIL', errorMessage: 'no room for ***, ***' });
    expect(route).toMatchObject({
      context: {},
      firstAttempt: {
        request: { url: `/labs/${LAB}/patients/***?who=***&x=1`, headers: { 'x-who': '***' } },
        response: { body: { text: '{"holder":"***","patientId":"P-1042"}' } },
      },
    });
  });

  it('counts within a second of a change, and for no other tenant', async () => {
    await book();
    await ended(1);
    await setRules(NO_REDACTION);
    await book();
    await ended(2);
    await host.createTenant('lab-2');
    await setRules(RULES);
    await book({ ...ORDER, tenantId: 'lab-2' });
    await host.find(LogWriter).flush();
    const [second, first] = await ended(2);
    expect(second?.firstAttempt?.response?.body?.text).toContain('Zenobia');
    expect(first?.firstAttempt?.response?.body?.text).not.toContain('Zenobia');
    const [other] = await Promise.all((await host.logs('lab-2')).map(({ _id }) => host.findLog(_id)));
    expect(other?.firstAttempt?.request?.body?.text).toContain('Zenobia');
  });

  it('goes on being hidden, and the rest being kept, while MongoDB is away', async () => {
    await book();
    await ended(1);
    await awayWithAll();
    await book();
    const kept = await spooled();
    expect(kept).toContain('S-1');
    expect(kept).not.toMatch(HIDDEN);
    await mongo.restore();
    expect(JSON.stringify(await ended(2))).not.toMatch(HIDDEN);
  });

  it('is not stored where it could not be read: then nothing of the call is kept but that it was made', async () => {
    await awayWithAll();
    await book();
    await host
      .find(Desk)
      .book({ ...ORDER, sampleId: 'S-bad' })
      .catch(() => undefined);
    const kept = await spooled();
    expect(kept).toContain('what its tenant wants hidden could not be read');
    expect(kept).not.toMatch(HIDDEN);
    expect(kept).not.toContain('S-1');
    await mongo.restore();
    const [failed, booked] = await ended(2);
    expect(booked).toMatchObject({ tenantId: LAB, integrationName: 'desk', status: 'SUCCESS', context: {} });
    expect(failed).toMatchObject({
      status: 'FAIL',
      errorCode: 'HTTP_422',
      errorMessage: expect.stringMatching(/^\(not kept/),
    });
    const bookAgain = async () => {
      await book();
      await host.find(LogWriter).flush();
      return (await host.logs())[0];
    };
    await eventually(bookAgain, (log) => log?.context['sampleId'] === 'S-1');
  });
});

it('a decorator whose path leads nowhere does not start', () => {
  expect(() =>
    IntegrationLogger({ redact: { paths: ['args.0.patient'] } })(Desk.prototype, 'book', { value: () => 1 }),
  ).toThrow(/must start with \/body/);
});
