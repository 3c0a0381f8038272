import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { startServerHost } from '../support/server-host.js';
import type { TestHost } from '../support/test-host.js';

const PAGE = readFileSync(join(__dirname, '../../docs/support.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);

describe('docs/support.md', () => {
  let host: TestHost;
  let vendor: FakeVendor;
  let key: string;

  beforeAll(async () => {
    vendor = await startFakeVendor();
    const patients = Array.from({ length: 6 }, (_, index) => ({ id: `P-${index}`, name: `No ${index}`, phone: null }));
    host = await startServerHost({ patients });
    key = await host.createKey();
    await host.createIntegration({ url: vendor.url });
    vendor.answer(({ body }) => ({ status: body.includes('555') ? 200 : 422, body: { error: 'no phone' } }));
    for (const { id } of patients) {
      const { body } = await new ApiClient(host, key)
        .post('/v1/events', { action: 57, context: { patientId: id } })
        .expect(202);
      await host.waitForLog(body.deliveries[0].logId, 'FAIL');
      if (id !== 'P-5') host.patients.set(id, { id, name: `Of ${id}`, phone: `555-${id}` });
    }
  });

  afterAll(async () => {
    await vendor.close();
    await host.close();
  });

  it('does what it says, command by command', async () => {
    const said = await run(BLOCKS.join('\n'), { WAYBILL: host.url, KEY: key });
    const lines = said.split(/\r?\n/);
    expect(lines[0]).toMatch(/The vendor answered 422: .* It says: no phone/);
    expect(lines).toContain('/phone |  | 555-P-1');
    expect(lines).toContain('QUEUED');
    const batch = lines.findIndex((line) => line.startsWith('CRM: new patients | rejected | '));
    expect(Number(lines[batch]?.split(' | ')[2])).toBeGreaterThanOrEqual(5);
    expect(lines.slice(batch + 1, batch + 4)).toEqual(['paused', 'running', expect.stringMatching(/^[45]$/)]);
    expect(lines[batch + 4]).toMatch(/^log_\w+ \| HTTP_422: /);
    expect(lines[batch + 5]).toBe('logId,integrationId,outcome,why,updatedAt,replayLogId');
    expect(said).toMatch(/resolved\nnull\n"CRM: new patients" has taken it at .*\nThe CRM has lost it\n$/);
  });
});

async function run(script: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('sh', ['-euc', script], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`It ended with ${child.exitCode}, after:\n${said}\n${complaints}`);
  return said;
}
