import { randomBytes } from 'node:crypto';
import { type Connection, createConnection, Types } from 'mongoose';
import { aLog } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { runDbCommand, runKeysCommand, ServerProcess } from '../support/server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

const MIGRATIONS = ['20261121000000-create-indexes', '20261121180000-log-origins'];

interface Lock {
  _id: string;
  holder: string;
  until: Date;
}

describe('the command for the database', () => {
  let connection: Connection;
  let env: Readonly<Record<string, string>>;
  let processes: ServerProcess[];

  beforeEach(async () => {
    const uri = `${mongodbUri().replace(/\/$/, '')}/${freshDatabaseName('db')}`;
    connection = await createConnection(uri).asPromise();
    env = { MONGODB_URI: uri, NODE_ENV: 'production' };
    processes = [];
  });

  afterEach(async () => {
    await Promise.all(processes.map((running) => running.end('SIGKILL')));
    await connection.dropDatabase();
    await connection.close();
  });

  const db = (...args: string[]) => runDbCommand(args, env);
  const linesOf = (text: string) => text.trimEnd().split('\n').sort();
  const applied = () => connection.collection('migrations').countDocuments();

  async function start(): Promise<void> {
    const keys = randomBytes(32).toString('base64');
    const more = { REDIS_URL: redisUrl(), WAYBILL_REDIS_PREFIX: freshPrefix('db'), WAYBILL_SECRET_KEYS: `k1:${keys}` };
    processes.push(await ServerProcess.start({ ...env, ...more, WAYBILL_ROLE: 'api' }));
  }

  it('applies what is pending, once, and says how far it is; only then a server starts in production', async () => {
    expect(await db('status')).toMatchObject({
      code: 1,
      stdout: MIGRATIONS.map((name) => `${name}  pending\n`).join(''),
    });
    const refusal = await start().catch((error: Error) => error.message);
    expect(refusal).toMatch(/integration_logs\.newest is missing.*npm run db -- up/s);

    const { code, stdout, stderr } = await db('up');
    expect([code, stdout]).toEqual([0, 'The database is as this version needs it.\n']);
    expect(stderr).toMatch(/^Index 1 of (\d+): [\s\S]*\nIndex \1 of \1: .*\nApplied 20261121000000-create-indexes\n/);
    const times = MIGRATIONS.map((name) => `${name}  \\d{4}-.*Z\n`).join('');
    expect((await db('status')).stdout).toMatch(new RegExp(`^${times}$`));
    await start();

    expect(await db('up')).toMatchObject({ code: 0, stderr: '' });
    expect(await applied()).toBe(MIGRATIONS.length);
  });

  it('sums the logs of some days up anew', async () => {
    await db('up');
    const createdAt = new Date('2026-11-03T10:00:00Z');
    const log = { ...aLog({ createdAt }), status: 'SUCCESS' };
    await connection.collection('integration_logs').insertMany([{ ...log, _id: new Types.ObjectId() }]);
    const { code, stderr } = await db(
      'rebuild-rollups',
      '--from',
      '2026-11-02',
      '--to',
      '2026-11-04',
      '--tenant',
      'lab-1',
    );
    expect([code, stderr]).toEqual([0, 'lab-1 2026-11-02\nlab-1 2026-11-03\n']);
    expect(await connection.collection('log_rollups').countDocuments({ tenantId: 'lab-1' })).toBeGreaterThan(0);
    expect((await db('rebuild-rollups', '--from', '2026-11-04', '--to', '2026-11-02')).code).toBe(2);
    expect((await db('status', '--tenant', 'lab-1')).code).toBe(2);
  });

  it('may be run by several at once: one does the work', async () => {
    const runs = await Promise.all([db('up'), db('up'), db('up')]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(runs.filter(({ stderr }) => stderr.includes('Applied'))).toHaveLength(1);
    expect(await applied()).toBe(MIGRATIONS.length);
    expect(await connection.collection('migration_lock').countDocuments()).toBe(0);
  });

  it('waits for one that is at it, and takes over from one that has died', async () => {
    const locks = connection.collection<Lock>('migration_lock');
    await locks.insertOne({ _id: 'up', holder: 'somebody else', until: new Date(Date.now() + 600_000) });
    let told = '';
    const waiting = runDbCommand(['up'], env, (text) => (told = text));
    await eventually(
      () => told,
      (text) => text === 'Waiting for another that is at it: somebody else\n',
      30_000,
    );
    expect(await applied()).toBe(0);
    await locks.updateOne({ _id: 'up' }, { $set: { until: new Date(0) } });
    expect((await waiting).code).toBe(0);
    expect(await applied()).toBe(MIGRATIONS.length);
  });

  it('checks what is missing, different, unknown or not ours, and creates what is missing', async () => {
    await db('up');
    await connection.collection('tenants').drop();
    await connection.collection('secrets').dropIndex('by_key');
    await connection.collection('actions').createIndex({ intentUrl: 1 }, { name: 'by_hand' });
    const logs = connection.collection('integration_logs');
    await logs.dropIndex('newest');
    await logs.createIndex({ tenantId: 1, createdAt: 1 }, { name: 'newest' });
    await connection.collection('patients').insertOne({});
    const { code, stdout } = await db('check');
    expect(code).toBe(1);
    expect(linesOf(stdout)).toEqual([
      'Not of Waybill: patients.',
      'The collection tenants is missing.',
      'The index actions.by_hand is unknown.',
      'The index integration_logs.newest is different.',
      'The index secrets.by_key is missing.',
    ]);
    const up = await db('up');
    expect(up.code).toBe(1);
    expect(linesOf(up.stdout).slice(1)).toEqual([
      'The index actions.by_hand is unknown.',
      'The index integration_logs.newest is different.',
    ]);
  });

  it('verifies the audit log, by what an earlier run has printed where that is given', async () => {
    await db('up');
    await runKeysCommand(['create', '--tenant', 'lab-1', '--create-tenant', '--name', 'billing'], env);
    await runKeysCommand(['create', '--tenant', 'lab-1', '--name', 'support'], env);
    const whole = await db('verify-audit');
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    const heads = linesOf(whole.stdout);
    expect(heads).toEqual([
      expect.stringMatching(/^\(platform\)=1:[0-9a-f]{64}$/),
      expect.stringMatching(/^lab-1=4:[0-9a-f]{64}$/),
    ]);
    const expectations = heads.flatMap((head) => ['--expect', head]);
    expect((await db('verify-audit', ...expectations)).code).toBe(0);

    const entries = connection.collection('audit_entries');
    await entries.deleteMany({ chain: 'lab-1', seq: { $gt: 2 } });
    expect((await db('verify-audit')).code).toBe(0);
    const cut = await db('verify-audit', ...expectations);
    expect([cut.code, cut.stderr]).toEqual([
      1,
      'lab-1: entries 3 to 4 were removed at its end\n1 chains of the audit log are broken.\n',
    ]);
    await entries.updateOne({ chain: '(platform)', seq: 1 }, { $set: { from: 'elsewhere' } });
    expect((await db('verify-audit')).stderr).toContain('(platform): entry 1 was changed');
  });

  it.each([
    [[], /Say what to do: status, up, check, verify-audit or rebuild-rollups/],
    [['up', 'now'], /too many words/],
    [['check', '--expect', 'a=1:b'], /--expect is for verify-audit/],
    [['verify-audit', '--expect', 'lab-1=4'], /is not CHAIN=SEQ:HASH/],
  ])('says what is wrong with %j', async (args, says) => {
    const { code, stderr } = await db(...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
  });
});
