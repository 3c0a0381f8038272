import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createConnection } from 'mongoose';
import { eventually } from '../support/eventually.js';
import { mongodbUri, redisUrl } from '../support/services.js';

const PATIENTS = 40;
/** Set-up and story take some 15 s here; a slow machine gets ten times that. */
const STORY_TIMEOUT_MS = 150_000;

interface DemoResult {
  readonly ok: boolean;
  readonly expectations: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly integrations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly seconds: Readonly<Record<string, number>>;
}

class RunningDemo {
  stdout = '';
  stderr = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, ['scripts/demo.mjs', ...args], {
      env: { ...process.env, MONGODB_URI: mongodbUri(), REDIS_URL: redisUrl() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.closed = once(this.child, 'close');
  }

  /** Its exit code, once it has ended and said everything. */
  async ended(): Promise<number | null> {
    await this.closed;
    return this.child.exitCode;
  }

  interrupt(): void {
    this.child.kill('SIGINT');
  }

  /** What the pattern's group matches in its output, once it does. */
  async said(pattern: RegExp): Promise<string> {
    const find = () => pattern.exec(this.stdout)?.[1] ?? null;
    const found = await eventually(find, (text) => text !== null || this.child.exitCode !== null, STORY_TIMEOUT_MS);
    if (found === null)
      throw new Error(`The demo ended without saying ${String(pattern)}: ${this.stdout}${this.stderr}`);
    return found;
  }
}

/** What the run has left behind in MongoDB and Redis. */
async function remainsOf(runName: string): Promise<string[]> {
  const connection = await createConnection(mongodbUri()).asPromise();
  const databases = (await connection.listDatabases()).databases.map(({ name }) => name);
  await connection.close();
  const redis = new Redis(redisUrl());
  const keys = await redis.keys(`${runName}*`);
  await redis.quit();
  return [...databases.filter((name) => name.startsWith(runName)), ...keys];
}

const RUN_NAME = /This run is (\w+):/;

describe('npm run demo', () => {
  it('tells its story to the end, and everything it expects holds', async () => {
    const demo = new RunningDemo('--once', '--json', '--patients', String(PATIENTS));
    const exitCode = await demo.ended();
    const result: DemoResult = JSON.parse(demo.stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(result.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.expectations.length).toBeGreaterThan(20);
    // A post with a wrong signature, and the method's call for a result whose sample nobody had entered.
    expect(result).toMatchObject({ ok: true, statuses: { QUEUED: 0, FAIL: 2 } });
    expect(result.integrations['EHR: patients']).toEqual({ QUEUED: 0, SUCCESS: PATIENTS, FAIL: 0 });
    expect(result.integrations['Registry: results']).toBeUndefined();
    expect(result.integrations['Analyser: results']).toEqual({ QUEUED: 0, SUCCESS: PATIENTS, FAIL: 1 });
    expect(result.integrations['Payments: events']).toEqual({ QUEUED: 0, SUCCESS: PATIENTS, FAIL: 0 });
    expect(result.integrations['EHR: reports']).toEqual({ QUEUED: 0, SUCCESS: PATIENTS, FAIL: 0 });
    expect(Object.keys(result.seconds)).toEqual(
      expect.arrayContaining(['services', 'setup', 'register', 'measure', 'retry']),
    );
    expect(exitCode).toBe(0);
    const [, runName = ''] = RUN_NAME.exec(demo.stderr) ?? [];
    expect(runName).not.toBe('');
    expect(await remainsOf(runName)).toEqual([]);
  });

  it('stays up for a visit until Ctrl-C, and leaves nothing behind', async () => {
    const demo = new RunningDemo('--patients', '10');
    const url = await demo.said(/The API is at (http:\S+),/);
    const key = await demo.said(/shown once: (wbk_\w+[\w-]+)/);
    const logs = await fetch(`${url}/v1/logs?limit=1`, { headers: { authorization: `Bearer ${key}` } });
    expect(logs.status).toBe(200);
    expect((await fetch(`${url}/docs`)).status).toBe(200);
    const runName = await demo.said(RUN_NAME);
    expect(await remainsOf(runName)).not.toEqual([]);

    demo.interrupt();
    expect(await demo.ended()).toBe(0);
    await expect(fetch(`${url}/v1/logs`)).rejects.toThrow('fetch failed');
    expect(await remainsOf(runName)).toEqual([]);
  });

  it('can be interrupted in the middle of the story, and leaves nothing behind', async () => {
    const demo = new RunningDemo('--once', '--patients', '500');
    await demo.said(/(Order tests and generate bills)/);
    demo.interrupt();
    expect(await demo.ended()).toBe(130);
    expect(await remainsOf(await demo.said(RUN_NAME))).toEqual([]);
  });

  it.each([
    [['--patients', 'many'], '--patients must be a whole number from 1 to 5000, and is "many"'],
    [['--port', '70000'], '--port must be a whole number from 0 to 65535, and is "70000"'],
    [['--speed', '2'], "Unknown option '--speed'"],
    [['--fhir', '/nowhere'], 'The folder /nowhere cannot be read (ENOENT)'],
  ])('refuses %j in a sentence', async (args, message) => {
    const demo = new RunningDemo(...args);
    expect(await demo.ended()).toBe(1);
    expect(demo.stderr).toContain(message);
    expect(demo.stderr).not.toMatch(/^ +at /m);
  });
});

describe('npm run demo -- --fhir', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-fhir-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const bundleOf = (...resources: object[]) => ({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource, index) => ({ fullUrl: `urn:uuid:${index}`, resource })),
  });
  const patient = {
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Gómez', given: ['Raúl'] }],
    birthDate: '1957-06-29',
    telecom: [{ system: 'phone', value: '555-0100' }],
  };
  const encounter = { reference: 'urn:uuid:encounter' };
  const report = { resourceType: 'DiagnosticReport', encounter, result: [{ reference: 'urn:uuid:2' }] };
  const observation = {
    resourceType: 'Observation',
    code: { text: 'Glucose' },
    valueQuantity: { value: 5, unit: 'mmol/L' },
  };
  const claim = {
    resourceType: 'Claim',
    item: [{ encounter: [encounter] }],
    total: { value: 129.16, currency: 'USD' },
  };

  it('takes the patients, reports, observations and claims of a folder', async () => {
    await writeFile(join(folder, 'a.json'), JSON.stringify(bundleOf(patient, report, observation, claim)));
    const demo = new RunningDemo('--once', '--json', '--fhir', folder);
    const exitCode = await demo.ended();
    const result: DemoResult = JSON.parse(demo.stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(result.expectations.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.integrations['EHR: reports']).toMatchObject({ SUCCESS: 1 });
    expect(exitCode).toBe(0);
  });

  it.each([
    ['no JSON', 'hello', 'is no JSON'],
    ['another resource', patient, 'is a Patient, not a FHIR Bundle'],
    ['a bundle of search results', { ...bundleOf(patient), type: 'searchset' }, 'is a Bundle of type "searchset"'],
    ['no patient', bundleOf(claim), 'is a Bundle without a Patient'],
    ['a nameless patient', bundleOf({ ...patient, name: [] }), 'has a Patient without a given and a family name'],
    ['a patient without a report', bundleOf(patient, claim), 'No patient has a DiagnosticReport'],
  ])('refuses %s and says so', async (_case, content, message) => {
    await writeFile(join(folder, 'a.json'), typeof content === 'string' ? content : JSON.stringify(content));
    const demo = new RunningDemo('--once', '--fhir', folder);
    expect(await demo.ended()).toBe(1);
    expect(demo.stderr).toContain(message);
    expect(demo.stderr).not.toMatch(/^ +at /m);
  });
});
