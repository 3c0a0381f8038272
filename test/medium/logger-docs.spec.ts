import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import type { DynamicModule, Type } from '@nestjs/common';
import { isRecord } from '../../src/common/primitives.js';
import { INTEGRATION_LOGS } from '../../src/logging/integration-log.collection.js';
import type { IntegrationLog } from '../../src/logging/integration-log.js';
import { LogWriter } from '../../src/logging/log-writer.js';
import { Database } from '../../src/storage/database.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const PROJECT = join(__dirname, '../..');
const PAGE = readFileSync(join(PROJECT, 'docs/host-developer.md'), 'utf8');
const OPTIONS = readFileSync(join(PROJECT, 'src/logging/decorator/integration-logger.options.ts'), 'utf8');

const SWC = {
  swcrc: false,
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
} as const;

/** The class that a file of the page exports, compiled as it stands there. */
function classOf(file: string): Type {
  const [, text = ''] = new RegExp(`^\`\`\`ts logged=${file}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(PAGE) ?? [];
  const exported: Record<string, unknown> = {};
  const load = (name: string): unknown => require(name === 'waybill' ? '../../src/index.js' : name);
  // oxlint-disable-next-line no-implied-eval, no-new-func
  new Function('require', 'exports', transformSync(text, SWC).code)(load, exported);
  const [found] = Object.values(exported);
  if (!isClass(found)) throw new Error(`docs/host-developer.md has no class in ${file}`);
  return found;
}

const isClass = (value: unknown): value is Type => typeof value === 'function';

describe('what docs/host-developer.md says of @IntegrationLogger', () => {
  const [Controller, Processor, Client] = [
    classOf('results.controller.ts'),
    classOf('report.processor.ts'),
    classOf('insurance.client.ts'),
  ];
  let host: TestHost;

  beforeAll(async () => {
    class Examples {}
    const examples: DynamicModule = {
      module: Examples,
      controllers: [Controller],
      providers: [Processor, Client],
    };
    host = await startTestHost({ role: 'api', imports: [examples] });
  });

  afterAll(() => host.close());

  async function onlyLog(): Promise<IntegrationLog | undefined> {
    await host.find(LogWriter).flush();
    const logs = host.find(Database).model(INTEGRATION_LOGS);
    const [log, ...rest] = await logs.find().lean<IntegrationLog[]>();
    await logs.deleteMany({});
    expect(rest).toEqual([]);
    return log;
  }

  async function call(type: Type, method: string, ...args: unknown[]): Promise<unknown> {
    const provider: unknown = host.app.get(type, { strict: false });
    const run: unknown = isRecord(provider) ? provider[method] : null;
    return typeof run === 'function' ? Reflect.apply(run, provider, args) : null;
  }

  it('is true of a route', async () => {
    await host.http.post('/results?visitId=V-1').send({ sampleId: 'S-1', value: 5 }).expect(201, { taken: 'S-1' });
    expect(await onlyLog()).toMatchObject({
      integrationName: 'ResultsController.take',
      context: { sampleId: 'S-1', visitId: 'V-1' },
      firstAttempt: {
        request: { method: 'POST', url: '/results?visitId=V-1', body: { text: '{"sampleId":"S-1","value":5}' } },
        response: { status: 201, body: { text: '{"taken":"S-1"}' } },
      },
    });
  });

  it('is true of a processor', async () => {
    const job = { name: 'print', id: '7', queueName: 'reports', attemptsMade: 1, data: { reportId: 'R-1' } };
    await call(Processor, 'process', job);
    expect(await onlyLog()).toMatchObject({
      context: { reportId: 'R-1', jobId: '7' },
      firstAttempt: {
        request: { method: 'JOB', url: 'reports/print/7', body: { text: expect.stringContaining('"attemptsMade":1') } },
        response: { body: { text: '"printed R-1"' } },
      },
    });
  });

  it('is true of the options', async () => {
    const claim = { claimId: 'C-1', nationalNumber: '900101-1234', patient: { name: 'Ana Souza', age: 36 } };
    await call(Client, 'send', 'lab-1', claim);
    const log = await onlyLog();
    expect(log).toMatchObject({
      direction: 'outbound',
      integrationName: 'Insurance: claims',
      vendor: 'Insurance',
      actionId: 31,
      actionName: 'claim.sent',
      tenantId: 'lab-1',
      context: { claimId: 'C-1' },
      firstAttempt: { response: { body: { text: '{"reference":"ref-C-1","holder":"***"}' } } },
    });
    expect(log?.firstAttempt?.request?.body?.text).toBe(
      '["lab-1",{"claimId":"C-1","nationalNumber":"***","patient":{"name":"***","age":36}}]',
    );
  });

  it('names every option', () => {
    const [, options = ''] = OPTIONS.split('export interface IntegrationLoggerOptions');
    const names = [...options.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect(PAGE).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
  });
});
