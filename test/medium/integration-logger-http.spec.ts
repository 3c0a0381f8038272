import type { ServerResponse } from 'node:http';
import {
  Body,
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  Param,
  type PipeTransform,
  Post,
  Query,
  Res,
  StreamableFile,
  UnprocessableEntityException,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import { map } from 'rxjs';
import { IntegrationLogger } from '../../src/index.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

class ResultDto {
  @IsString()
  sampleId!: string;

  value!: number;
}

/** As a host's own guard says who calls. */
class LabGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ user?: unknown; headers: Record<string, string> }>();
    request.user = { id: 7, tenantId: request.headers['x-lab'] };
    return true;
  }
}

@Injectable()
class ResultStore {
  @IntegrationLogger()
  async save(result: ResultDto): Promise<string> {
    return `saved ${result.sampleId}`;
  }
}

/** Looks something up before the method runs. */
@Injectable()
class SavingPipe implements PipeTransform {
  constructor(private readonly store: ResultStore) {}

  async transform(result: ResultDto): Promise<ResultDto> {
    await this.store.save(result);
    return result;
  }
}

@Controller('labs/:labId/results')
class ResultsController {
  constructor(private readonly store: ResultStore) {}

  @Post()
  @UseGuards(LabGuard)
  @IntegrationLogger()
  async take(@Body() result: ResultDto): Promise<{ taken: string }> {
    await this.store.save(result);
    return { taken: result.sampleId };
  }

  @IntegrationLogger({ redact: { names: ['birthDate'], paths: ['/body/patient/*/name', '/response/body/shown/0'] } })
  @Post('redacted')
  @HttpCode(202)
  redacted(): object {
    return { shown: ['Ana Souza', 'kept'], birthDate: '1990-01-01' };
  }

  @Post('refused')
  @IntegrationLogger({ direction: 'inbound' })
  refused(): never {
    throw new UnprocessableEntityException({ message: 'unknown sample', field: 'sampleId' });
  }

  @Post('broken')
  @IntegrationLogger()
  broken(): never {
    throw new TypeError('a slip');
  }

  @Get('written')
  @IntegrationLogger()
  written(@Query('status') status: string, @Res() response: ServerResponse): void {
    setImmediate(() => response.writeHead(Number(status), { 'content-type': 'application/json' }).end('{"by":"hand"}'));
  }

  @Get('pass/:sampleId')
  @IntegrationLogger()
  pass(@Param('sampleId') sampleId: string, @Res({ passthrough: true }) response: ServerResponse): object {
    response.statusCode = 203;
    return { sampleId };
  }

  @Get('file')
  @UseInterceptors({ intercept: (_context, next) => next.handle().pipe(map((value: unknown) => value)) })
  @IntegrationLogger()
  file(): StreamableFile {
    return new StreamableFile(Buffer.from('%PDF'));
  }

  @Post('piped')
  @IntegrationLogger()
  piped(@Body(SavingPipe) result: ResultDto): string {
    return result.sampleId;
  }

  @Post('unlogged')
  async unlogged(@Body() result: ResultDto): Promise<string> {
    return this.store.save(result);
  }
}

class LabModule {}
const lab: DynamicModule = { module: LabModule, controllers: [ResultsController], providers: [ResultStore] };

describe('@IntegrationLogger on a controller', () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({ role: 'api', imports: [lab] });
  });

  afterAll(() => host.close());

  afterEach(async () => {
    await host.find(Database).model(INTEGRATION_LOGS).deleteMany({});
  });

  /** The ended logs, parents first. */
  async function logs(count = 1): Promise<IntegrationLog[]> {
    const found = await eventually(
      async () => {
        await host.find(LogWriter).flush();
        return host.find(Database).model(INTEGRATION_LOGS).find().lean<IntegrationLog[]>();
      },
      (all) => all.length === count && all.every(({ status }) => status !== 'QUEUED'),
    );
    return found.sort((a) => (a.parentLogId === null ? -1 : 1));
  }

  it('keeps the request and the answer of a bare decorator, without secrets', async () => {
    await host.http
      .post('/labs/berlin/results?visitId=V-1&token=hush-query')
      .set({ authorization: 'Bearer hush-header', 'x-lab': 'lab-1', 'x-correlation-id': 'vendor-4711' })
      .send({ sampleId: 'S-1', value: 5, password: 'hush-body', tenantId: 'lab-of-somebody-else' })
      .expect(201, { taken: 'S-1' });
    const [log, child] = await logs(2);
    expect(log).toMatchObject({
      tenantId: 'lab-1',
      direction: 'inbound',
      status: 'SUCCESS',
      integrationName: 'ResultsController.take',
      correlationId: 'vendor-4711',
      context: { labId: 'berlin', visitId: 'V-1', sampleId: 'S-1' },
      firstAttempt: {
        outcome: 'success',
        request: {
          method: 'POST',
          url: '/labs/berlin/results?visitId=V-1&token=***',
          headers: { authorization: '***', 'x-lab': 'lab-1' },
          clientIp: expect.stringContaining('127.0.0.1'),
          body: { contentType: 'application/json' },
        },
        response: { status: 201, body: { text: '{"taken":"S-1"}' } },
      },
    });
    expect(JSON.parse(log?.firstAttempt?.request?.body?.text ?? '')).toMatchObject({
      sampleId: 'S-1',
      password: '***',
    });
    expect(JSON.stringify(log)).not.toContain('hush');
    expect(child).toMatchObject({
      integrationName: 'ResultStore.save',
      parentLogId: log?._id,
      correlationId: 'vendor-4711',
      firstAttempt: { request: { method: 'CALL', url: 'ResultStore.save' } },
    });
  });

  it('hides what its options name, in what came and in what is answered', async () => {
    const patient = { a: { name: 'Ana Souza', age: 30 }, b: { name: 'Bruno Lima' } };
    await host.http
      .post('/labs/berlin/results/redacted?birth_date=1990-01-01')
      .send({ patient, 'birth-date': '1990-01-01', nested: [{ birthDate: '1990-01-01' }] })
      .expect(202, { shown: ['Ana Souza', 'kept'], birthDate: '1990-01-01' });
    const [log] = await logs();
    const text = JSON.stringify(log);
    for (const hidden of ['Ana', 'Bruno', '1990']) expect(text).not.toContain(hidden);
    expect(log?.firstAttempt).toMatchObject({ request: { url: expect.stringContaining('birth_date=***') } });
    expect(text).toContain('kept');
    expect(text).toContain('30');
  });

  it.each([
    [
      'refused',
      422,
      { errorClass: 'rejected', errorCode: 'HTTP_422', errorMessage: 'unknown sample' },
      expect.stringContaining('"sampleId"'),
    ],
    ['broken', 500, { errorClass: 'rejected', errorCode: 'TypeError', errorMessage: 'a slip' }, undefined],
  ])('logs what %s answers as FAIL with the status that the caller gets', async (path, status, error, body) => {
    await host.http.post(`/labs/berlin/results/${path}`).send({}).expect(status);
    const [log] = await logs();
    expect(log).toMatchObject({ status: 'FAIL', ...error, firstAttempt: { response: { status } } });
    expect(log?.firstAttempt?.response?.body?.text).toEqual(body);
  });

  it.each([
    [200, 'SUCCESS'],
    [409, 'FAIL'],
  ] as const)('reads an answer of %i along that the method writes itself', async (status, outcome) => {
    await host.http.get(`/labs/berlin/results/written?status=${status}`).expect(status, { by: 'hand' });
    const [log] = await logs();
    expect(log).toMatchObject({
      status: outcome,
      firstAttempt: { response: { status, body: { text: '{"by":"hand"}' } } },
    });
  });

  it('keeps the result of a method that only sets the status', async () => {
    await host.http.get('/labs/berlin/results/pass/S-9').expect(203, { sampleId: 'S-9' });
    const [log] = await logs();
    expect(log).toMatchObject({
      contextKeys: ['labId=berlin', 'sampleId=S-9'],
      firstAttempt: { response: { status: 203, body: { text: '{"sampleId":"S-9"}' } } },
    });
  });

  it('names a file, under an interceptor of the host', async () => {
    await host.http.get('/labs/berlin/results/file').expect(200);
    expect((await logs())[0]?.firstAttempt?.response?.body?.text).toBe('"[stream]"');
  });

  it("gives the request to the route's method, not to what a pipe calls before it", async () => {
    await host.http.post('/labs/berlin/results/piped').send({ sampleId: 'S-4', value: 1 }).expect(201);
    const methods = (await logs(2)).map(({ integrationName, firstAttempt }) => [
      integrationName,
      firstAttempt?.request?.method,
    ]);
    expect(Object.fromEntries(methods)).toEqual({ 'ResultStore.save': 'CALL', 'ResultsController.piped': 'POST' });
  });

  it("does not take the request for a provider's call that the controller makes", async () => {
    await host.http.post('/labs/berlin/results/unlogged').send({ sampleId: 'S-3', value: 1 }).expect(201);
    expect((await logs())[0]?.firstAttempt?.request).toMatchObject({ method: 'CALL', url: 'ResultStore.save' });
  });
});
