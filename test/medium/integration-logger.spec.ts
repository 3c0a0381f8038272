import { Controller, Get, Injectable, Scope, SetMetadata, UseGuards } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { lastValueFrom, type Observable, of, throwError } from 'rxjs';
import { runInCallScope } from '../../src/common/call-scope.js';
import { IntegrationLogger } from '../../src/logging/decorator/integration-logger.decorator.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { LoggingModule } from '../../src/logging/logging.module.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { Database } from '../../src/storage/database.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { freshDatabaseName, mongodbUri } from '../support/services.js';
import { settingsModule } from '../support/settings-module.js';

class OddlyUnlucky extends Error {}

/** A wrapping decorator as hosts write them: it knows nothing of ours. */
function Doubled(): MethodDecorator {
  return (_target, _key, descriptor: PropertyDescriptor) => {
    const original: unknown = descriptor.value;
    descriptor.value = function (this: unknown, ...args: unknown[]): unknown {
      return typeof original === 'function' ? Number(Reflect.apply(original, this, args)) * 2 : undefined;
    };
  };
}

@Injectable()
class ResultDesk {
  @IntegrationLogger({ name: 'sync', vendor: 'acme' })
  add(input: { tenantId: string; sampleId: string; apiToken: string }, by: number): number {
    return input.sampleId.length + by;
  }

  @IntegrationLogger({ direction: 'outbound', action: { id: 31, name: 'report.signed' } })
  async send(order: { tenantId: string; orderId: string }): Promise<{ accepted: string }> {
    await this.check(order);
    return { accepted: order.orderId };
  }

  @IntegrationLogger({
    context: (order: { tenantId: string; orderId: string }) => ({ tenantId: order.tenantId, checkedId: order.orderId }),
  })
  async check(order: { tenantId: string; orderId: string }): Promise<void> {
    if (order.orderId === 'bad') throw new OddlyUnlucky('no such order');
  }

  @IntegrationLogger()
  fail(): never {
    throw new OddlyUnlucky('sync failure');
  }

  @IntegrationLogger()
  stream(source: Observable<number>): Observable<number> {
    return source;
  }

  @SetMetadata('below', 'yes')
  @IntegrationLogger()
  @SetMetadata('above', 'yes')
  decorated(_a: string, _b: string): string {
    return 'ok';
  }

  @Doubled()
  @IntegrationLogger({ name: 'inner' })
  inner(value: number): number {
    return value;
  }

  @IntegrationLogger({ name: 'outer' })
  @Doubled()
  outer(value: number): number {
    return value;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @IntegrationLogger({ name: 'per-request' })
  touch(): string {
    return 'touched';
  }
}

@Controller('results')
@UseGuards()
class ResultsController {
  @Get()
  @IntegrationLogger({ name: 'controller' })
  list(): string[] {
    return ['r'];
  }
}

describe('@IntegrationLogger', () => {
  let app: TestingModule;
  let desk: ResultDesk;

  beforeAll(async () => {
    const uri = `${mongodbUri()}${freshDatabaseName('integration_logger')}`;
    app = await Test.createTestingModule({
      imports: [settingsModule({ mongodb: { uri } }), StorageModule, LoggingModule],
      providers: [ResultDesk, PerRequest],
      controllers: [ResultsController],
    }).compile();
    await app.init();
    desk = app.get(ResultDesk);
  });

  afterAll(async () => {
    await app.get(Database).connection.dropDatabase();
    await app.close();
  });

  afterEach(async () => {
    await app.get(Database).model(INTEGRATION_LOGS).deleteMany({});
  });

  /** Every log, oldest first, once all that was submitted is written. */
  async function logs(): Promise<IntegrationLog[]> {
    await Promise.resolve();
    await app.get(LogWriter).flush();
    return app.get(Database).model(INTEGRATION_LOGS).find().sort({ createdAt: 1, _id: 1 }).lean<IntegrationLog[]>();
  }

  it('logs a synchronous method, which stays synchronous, with its arguments redacted', async () => {
    expect(desk.add({ tenantId: 'lab-1', sampleId: 'S-1', apiToken: 'hush-hush' }, 4)).toBe(7);
    const [log, ...rest] = await logs();
    expect(rest).toEqual([]);
    expect(log).toMatchObject({
      tenantId: 'lab-1',
      direction: 'inbound',
      status: 'SUCCESS',
      integrationName: 'sync',
      vendor: 'acme',
      contextKeys: ['sampleId=S-1'],
      attemptCount: 1,
      firstAttempt: { number: 1, outcome: 'success', response: { body: { text: '7' } } },
    });
    expect(log?.firstAttempt?.request?.body?.text).toContain('S-1');
    expect(JSON.stringify(log)).not.toContain('hush-hush');
  });

  it('logs a promise, and a call inside it as its child with the same correlation id', async () => {
    const scope = { correlationId: 'cor_test' };
    await expect(runInCallScope(scope, () => desk.send({ tenantId: 'lab-1', orderId: 'O-1' }))).resolves.toEqual({
      accepted: 'O-1',
    });
    const [parent, child] = (await logs()).sort((a) => (a.parentLogId === null ? -1 : 1));
    expect(parent).toMatchObject({
      status: 'SUCCESS',
      direction: 'outbound',
      actionId: 31,
      correlationId: 'cor_test',
      parentLogId: null,
    });
    expect(child).toMatchObject({
      status: 'SUCCESS',
      correlationId: 'cor_test',
      parentLogId: parent?._id,
      contextKeys: ['checkedId=O-1'],
    });
  });

  it('logs a rejection and a throw as FAIL, and gives the caller the very error', async () => {
    await expect(desk.send({ tenantId: 'lab-1', orderId: 'bad' })).rejects.toBeInstanceOf(OddlyUnlucky);
    expect(() => desk.fail()).toThrow(OddlyUnlucky);
    const all = await logs();
    expect(all).toHaveLength(3);
    for (const log of all) {
      expect(log).toMatchObject({ status: 'FAIL', firstAttempt: { outcome: 'fail', response: null } });
      expect(log.errorMessage).toMatch(/no such order|sync failure/);
    }
  });

  it('logs an observable when it completes, fails or loses its listener', async () => {
    await expect(lastValueFrom(desk.stream(of(1, 2, 3)))).resolves.toBe(3);
    await expect(lastValueFrom(desk.stream(throwError(() => new OddlyUnlucky('stream broke'))))).rejects.toBeInstanceOf(
      OddlyUnlucky,
    );
    const all = await logs();
    expect(all.map(({ status }) => status).sort()).toEqual(['FAIL', 'SUCCESS']);
    expect(all.find(({ status }) => status === 'SUCCESS')?.firstAttempt?.response?.body?.text).toBe('3');
  });

  it('keeps name, length and metadata, above and below other decorators', () => {
    const method = ResultDesk.prototype.decorated;
    expect(method.name).toBe('decorated');
    expect(method).toHaveLength(2);
    expect(Reflect.getMetadata('below', method)).toBe('yes');
    expect(Reflect.getMetadata('above', method)).toBe('yes');
    expect(Reflect.getMetadata('design:paramtypes', ResultDesk.prototype, 'decorated')).toEqual([String, String]);
  });

  it('works under and over a wrapping decorator that knows nothing of it', async () => {
    expect(desk.inner(4)).toBe(8);
    expect(desk.outer(5)).toBe(10);
    const results = Object.fromEntries(
      (await logs()).map((log) => [log.integrationName, log.firstAttempt?.response?.body?.text]),
    );
    expect(results).toEqual({ inner: '4', outer: '10' });
  });

  it('logs request-scoped providers and controllers', async () => {
    const perRequest = await app.get(ModuleRef).create(PerRequest);
    expect(perRequest.touch()).toBe('touched');
    expect(app.get(ResultsController).list()).toEqual(['r']);
    expect((await logs()).map(({ integrationName }) => integrationName).sort()).toEqual(['controller', 'per-request']);
  });

  it('runs the method without a log on an object that no application knows', async () => {
    expect(new ResultDesk().inner(1)).toBe(2);
    expect(await logs()).toEqual([]);
  });

  it('refuses to stand on what is no method', () => {
    const onProperty = IntegrationLogger();
    expect(() => onProperty(ResultDesk.prototype, 'field', { value: 1 })).toThrow(
      /ResultDesk\.field, which is no method/,
    );
  });
});
