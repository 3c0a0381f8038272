import { Controller, Get, Module, NotFoundException } from '@nestjs/common';
import { ApiClient } from '../support/api-client.js';
import { startTestHost, type TestHost } from '../support/test-host.js';
import { setUpOpenApi } from '../../src/openapi.js';

@Controller('reception')
class ReceptionController {
  @Get('open')
  open(): string {
    return 'come in';
  }

  @Get('closed')
  closed(): never {
    throw new NotFoundException('closed today');
  }
}

@Module({ controllers: [ReceptionController] })
class ReceptionModule {}

describe("Waybill's API inside a host application", () => {
  let host: TestHost;

  beforeAll(async () => {
    host = await startTestHost({
      role: 'api',
      imports: [{ module: ReceptionModule }],
      prepare: (app) => {
        app.useBodyParser('json');
        setUpOpenApi(app);
      },
    });
  });

  afterAll(() => host.close());

  it("leaves the host's routes alone: no key, no problem details, no correlation id", async () => {
    const open = await host.http.get('/reception/open').expect(200, 'come in');
    expect(open.headers['x-correlation-id']).toBeUndefined();
    const closed = await host.http.get('/reception/closed').expect(404);
    expect(closed.body).toEqual({ statusCode: 404, message: 'closed today', error: 'Not Found' });
  });

  it('guards its own, and tells their errors as problems', async () => {
    const { body, headers } = await host.http.get('/v1/logs').expect(401);
    expect(body.code).toBe('UNAUTHENTICATED');
    expect(headers['x-correlation-id']).toBe(body.correlationId);
    const lab = new ApiClient(host, await host.createKey());
    const bad = await lab.post('/v1/events', { action: 57, context: {} }).expect(422);
    expect(bad.body.code).toBe('CONTEXT_INVALID');
  });

  it('describes its own routes only', async () => {
    const { body } = await host.http.get('/openapi.json').expect(200);
    expect(Object.keys(body.paths)).not.toContain('/reception/open');
    expect(Object.keys(body.paths)).toContain('/v1/logs');
  });
});
