import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mongoose';
import { eventually } from '../support/eventually.js';
import { freshDatabaseName, startPrivateMongodb } from '../support/services.js';

const STARTS_REDIS = `
  import { startRedis } from './scripts/services/index.mjs';
  const { port } = await startRedis();
  process.stdout.write(String(port));
  setInterval(() => undefined, 1_000);
`;

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

describe('a server that a test has for itself', () => {
  it('ends with the process that started it, however that ends, and leaves no folder', async () => {
    const folders = await mkdtemp(join(tmpdir(), 'waybill-test-'));
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', STARTS_REDIS], {
      env: { ...process.env, TMPDIR: folders },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk]: Buffer[] = await once(holder.stdout, 'data');
    const port = Number(String(chunk));
    expect(await accepts(port)).toBe(true);
    expect(await readdir(folders)).toHaveLength(1);
    holder.kill('SIGKILL');
    await eventually(
      () => accepts(port),
      (isThere) => !isThere,
    );
    await eventually(
      () => readdir(folders),
      (left) => left.length === 0,
    );
    await rm(folders, { recursive: true });
  });
});

describe('a MongoDB that a test has for itself', () => {
  it('is killed and started again where it was, with what it acknowledged', async () => {
    const mongodb = await startPrivateMongodb();
    if (!mongodb) return; // The server of the run is not ours, and nothing tells how to start another.
    const connection = await createConnection(`${mongodb.uri}${freshDatabaseName('private')}`).asPromise();
    const things = connection.collection<{ name: string }>('things');
    await things.insertOne({ name: 'kept' }, { writeConcern: { w: 1, journal: true } });
    const killedPid = mongodb.pid();
    await mongodb.kill();
    expect(mongodb.pid()).toBe(0);
    await mongodb.start();
    expect(mongodb.pid()).not.toBe(killedPid);
    expect(await things.findOne({})).toMatchObject({ name: 'kept' });
    await connection.dropDatabase();
    await connection.close();
    await mongodb.stop();
  });
});
