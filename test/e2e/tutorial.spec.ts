import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createConnection } from 'mongoose';
import { eventually } from '../support/eventually.js';
import { freshDatabaseName, mongodbUri, startPrivateRedis } from '../support/services.js';

// docs/host-developer.md, followed to the letter: its files in an empty folder, its commands in their order, with the
// packed library. Only ports, connection strings and the npm cache are the test's.

const PROJECT = join(__dirname, '../..');
const TUTORIAL = readFileSync(join(PROJECT, 'docs/host-developer.md'), 'utf8');
const README = readFileSync(join(PROJECT, 'README.md'), 'utf8');
const INSTALL_TIMEOUT_MS = 300_000;

/** The blocks of a page by what their first line names: `file=src/main.ts`, `step=build`. */
function blocksOf(markdown: string, attribute: 'file' | 'step'): Map<string, string> {
  const blocks = [...markdown.matchAll(/^```\w+ (\w+)=(\S+)\n([\s\S]*?)^```$/gm)];
  return new Map(
    blocks.flatMap(([, name, value = '', text = '']) => (name === attribute ? [[value, text] as const] : [])),
  );
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly output: string;
}

function start(command: string, cwd: string, env: NodeJS.ProcessEnv) {
  // A group of its own, so that the shell, npm and node end together.
  const child = spawn('sh', ['-euc', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', output: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
    said.output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.output += text));
  return { child, said };
}

async function run(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const { child, said } = start(command, cwd, env);
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${command}\nended with ${child.exitCode}:\n${said.output.slice(-6_000)}`);
  return { code: child.exitCode, ...said };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  process.kill(-child.pid, 'SIGTERM');
  await once(child, 'close');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port is free');
  return address.port;
}

/** Stands in for curl on a machine without it: the few options that the tutorial uses. */
const CURL = `#!/usr/bin/env node
import { readFileSync } from 'node:fs';
const args = process.argv.slice(2);
const request = { method: 'GET', headers: {} };
let url = '';
for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  if (arg === '-X') request.method = args.shift();
  else if (arg === '-H') request.headers[arg = args[0].split(':')[0]] = args.shift().slice(arg.length + 1).trim();
  else if (arg === '-d') request.body = args[0] === '@-' ? (args.shift(), readFileSync(0, 'utf8')) : args.shift();
  else if (!arg.startsWith('-')) url = arg;
}
process.stdout.write(await (await fetch(url, request)).text());
`;

describe('the tutorial for host developers', () => {
  const files = blocksOf(TUTORIAL, 'file');
  const steps = blocksOf(TUTORIAL, 'step');
  const folder = mkdtempSync(join(tmpdir(), 'waybill-tutorial-'));
  const app = join(folder, 'clinic');
  const database = freshDatabaseName('tutorial');
  const uri = mongodbUri().replace(/^(\w+(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${database}`);
  const running: ChildProcess[] = [];
  let env: NodeJS.ProcessEnv = {};
  let redis: Awaited<ReturnType<typeof startPrivateRedis>> | undefined;

  const step = (name: string, given: NodeJS.ProcessEnv = {}) => {
    const command = steps.get(name);
    if (command === undefined) throw new Error(`docs/host-developer.md has no step ${name}`);
    return run(command, app, { ...env, ...given });
  };

  const stepJson = async (name: string, given: NodeJS.ProcessEnv = {}) => {
    const { stdout } = await step(name, given);
    return JSON.parse(stdout);
  };

  /** Runs a step that goes on until it is stopped, and waits for what it says once it is there. */
  const stepInBackground = async (name: string, isThere: RegExp) => {
    const { child, said } = start(steps.get(name) ?? '', app, env);
    running.push(child);
    const ended = () => child.exitCode !== null;
    await eventually(
      () => said.output,
      (output) => isThere.test(output) || ended(),
      60_000,
    );
    if (ended()) throw new Error(`${name} ended with ${child.exitCode}:\n${said.output}`);
    return said;
  };

  beforeAll(async () => {
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/package.json'), '{ "type": "module" }');
    if (!(process.env['PATH'] ?? '').split(delimiter).some((place) => existsSync(join(place, 'curl')))) {
      writeFileSync(join(folder, 'bin/curl'), CURL, { mode: 0o755 });
    }
    redis = await startPrivateRedis();
    const [port, vendorPort] = [await freePort(), await freePort()];
    const { NODE_ENV: _jest, NODE_OPTIONS: _options, ...inherited } = process.env;
    env = {
      ...inherited,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      npm_config_prefer_offline: 'true',
      npm_config_ignore_scripts: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      NO_COLOR: '1',
      MONGODB_URI: uri,
      REDIS_URL: redis.url,
      WAYBILL_SECRET_KEYS: `2026:${Buffer.alloc(32, 9).toString('base64')}`,
      PORT: String(port),
      VENDOR_PORT: String(vendorPort),
      APP: `http://127.0.0.1:${port}`,
      VENDOR: `http://127.0.0.1:${vendorPort}`,
    };
    for (const [file, text] of files) {
      mkdirSync(dirname(join(app, file)), { recursive: true });
      writeFileSync(join(app, file), text);
    }
  });

  afterAll(async () => {
    for (const child of running) await stop(child);
    await redis?.stop();
    const connection = await createConnection(uri).asPromise();
    await connection.dropDatabase();
    await connection.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'packs and installs into an empty application, without a peer missing or doubled',
    async () => {
      if (!existsSync(join(PROJECT, 'dist/main.js'))) await run('npm run build', PROJECT, env);
      const { stdout } = await run(`npm pack --json --pack-destination '${folder}'`, PROJECT, env);
      const [{ filename, files: packed }]: [{ filename: string; files: { path: string }[] }] = JSON.parse(stdout);
      expect(filename).toBe('waybill-0.1.0.tgz');
      expect(packed.map(({ path }) => path).filter((path) => /\.spec\.|\.map$|^(src|test|demo)\//.test(path))).toEqual(
        [],
      );
      await step('install');
      // npm ls fails on a peer that is missing or does not fit.
      await run('npm ls --all', app, env);
      for (const shared of ['@nestjs/core', '@nestjs/common', 'mongoose', 'class-validator', 'class-transformer']) {
        expect(existsSync(join(app, 'node_modules/waybill/node_modules', shared))).toBe(false);
      }
    },
    INSTALL_TIMEOUT_MS,
  );

  it('compiles strictly, and what is not exported cannot be imported', async () => {
    await step('build');
    await run('npx tsc --noEmit --exactOptionalPropertyTypes --noUncheckedIndexedAccess', app, env);
    await expect(run(`node -e "import('waybill/dist/server.js')"`, app, env)).rejects.toThrow(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });

  it('delivers the live record, logs it, and sends the corrected one on a retry', async () => {
    const { stdout } = await step('set-up');
    const key = stdout.trim();
    expect(key).toMatch(/^wbk_[0-9a-f]{16}_[\w-]{43}$/);
    const vendor = await stepInBackground('vendor', /listens/);
    await stepInBackground('start', /successfully started/);
    const received = () => [...vendor.stdout.matchAll(/^\{.*$/gm)].map(([line]) => JSON.parse(line));
    const read = (logId: string, status: string) =>
      eventually(
        () => stepJson('read', { KEY: key, LOG: logId }),
        (log) => log.status === status,
      );

    const integration = await stepJson('integrate', { KEY: key });
    expect(integration).toMatchObject({ version: 1, enabled: true, auth: { kind: 'bearer', secretSet: true } });

    const ana = await stepJson('register');
    expect(ana.deliveries).toEqual([{ logId: expect.any(String), integrationId: integration.id }]);
    const [{ logId: anasLog }] = ana.deliveries;
    const success = await read(anasLog, 'SUCCESS');
    const anaAsSent = { patientId: ana.patientId, fullName: 'Ana Souza', phone: '555-0101' };
    expect(received()).toEqual([{ id: anasLog, patient: anaAsSent, status: 200 }]);
    expect(success).toMatchObject({ attemptCount: 1, attempts: [{ outcome: 'success', response: { status: 200 } }] });
    expect(success.attempts[0].request.headers.authorization).toBe('***');
    expect(JSON.stringify(success)).not.toContain('a-token-of-the-crm');

    const bruno = await stepJson('register-faulty');
    const [{ logId: brunosLog }] = bruno.deliveries;
    await read(brunosLog, 'FAIL');
    const { items } = await stepJson('search', { KEY: key, PATIENT: bruno.patientId });
    expect(items).toMatchObject([{ id: brunosLog, errorClass: 'rejected', errorCode: 'HTTP_422' }]);

    await step('correct', { PATIENT: bruno.patientId });
    await stepJson('retry', { KEY: key, LOG: brunosLog });
    const retried = await read(brunosLog, 'SUCCESS');
    expect(received().slice(1)).toEqual([
      { id: brunosLog, patient: { patientId: bruno.patientId, fullName: 'Bruno Lima', phone: null }, status: 422 },
      {
        id: brunosLog,
        patient: { patientId: bruno.patientId, fullName: 'Bruno Lima', phone: '555-0199' },
        status: 200,
      },
    ]);
    expect(retried.attempts).toMatchObject([
      { number: 1, trigger: 'first', outcome: 'fail', response: { status: 422 } },
      { number: 2, trigger: 'manual', outcome: 'success', reason: 'The patient gave a phone number' },
    ]);
    expect(retried.attempts[0].request.body.text).toContain('"phone":null');
  });

  it('stops in order when it is asked to', async () => {
    const [, host] = running;
    if (host === undefined) throw new Error('The host was not started');
    await stop(host);
    await expect(fetch(`${env['APP']}/health/live`)).rejects.toThrow('fetch failed');
  });

  it('is what the README shows', () => {
    const shown = blocksOf(README, 'file');
    expect(shown.size).toBeGreaterThan(2);
    for (const [file, text] of shown) expect(text).toBe(files.get(file));
  });
});
