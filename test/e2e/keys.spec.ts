import { randomBytes } from 'node:crypto';
import { createConnection } from 'mongoose';
import { eventually } from '../support/eventually.js';
import { runKeysCommand, ServerProcess } from '../support/server-process.js';
import { freshDatabaseName, freshPrefix, mongodbUri, redisUrl } from '../support/services.js';

const keyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = keyOf('old');
const NEW = keyOf('new');

describe('the command for keys', () => {
  const uri = `${mongodbUri().replace(/\/$/, '')}/${freshDatabaseName('keys')}`;
  const env = (secretKeys: string) => ({
    MONGODB_URI: uri,
    REDIS_URL: redisUrl(),
    WAYBILL_REDIS_PREFIX: prefix,
    WAYBILL_SECRET_KEYS: secretKeys,
    WAYBILL_ROLE: 'api',
  });
  const prefix = freshPrefix('keys');
  let processes: ServerProcess[] = [];

  afterAll(async () => {
    await Promise.all(processes.map((running) => running.end('SIGKILL')));
    const connection = await createConnection(uri).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });

  const keys = (...args: string[]) => runKeysCommand(args, env(`${NEW},${OLD}`));
  const refused = (...args: string[]) =>
    keys(...args).then(
      () => 'not refused',
      (error: unknown) => String(error),
    );

  async function start(secretKeys: string): Promise<ServerProcess> {
    const running = await ServerProcess.start(env(secretKeys));
    processes.push(running);
    return running;
  }

  const statusOf = async ({ url }: ServerProcess, key: string) =>
    (await fetch(`${url}/v1/actions`, { headers: { authorization: `Bearer ${key}` } })).status;

  it('lists keys without their secrets, and revokes one in every process within a second', async () => {
    processes = await Promise.all([start(OLD), start(OLD)]);
    const key = (await keys('create', '--platform', '--name', 'lost laptop')).trim();
    const id = key.split('_')[1] ?? '';
    const other = (await keys('create', '--tenant', 'lab-1', '--create-tenant', '--name', 'billing')).trim();
    expect(await Promise.all(processes.map((server) => statusOf(server, key)))).toEqual([200, 200]);

    await keys('revoke', id);
    await eventually(
      () => Promise.all(processes.map((server) => statusOf(server, key))),
      (statuses) => statuses.every((status) => status === 401),
      1_500,
    );
    const [listed] = await Promise.all([keys('list'), keys('revoke', id)]);
    expect(listed).toMatch(new RegExp(`${id}  \\(platform\\)  \\S+  revoked \\S+Z  lost laptop`));
    expect(listed).toMatch(/ {2}lab-1 {2}\S+ {2}valid {2}billing/);
    // A secret may have such a line in it too.
    const secretOf = (shown: string) => shown.replace(/^[^_]+_[^_]+_/, '');
    for (const shown of [key, other]) expect(listed).not.toContain(secretOf(shown));
    expect(await refused('revoke', key)).toMatch(/There is no API key of this id.*keys -- list/s);
  });

  it('rotates the secrets under the server, which is then refused a start without the key that is in use', async () => {
    const server = await start(OLD);
    const key = (await keys('create', '--platform', '--name', 'e2e')).trim();
    const registered = await fetch(`${server.url}/v1/actions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 900, name: 'a.b', contextFields: [], intentUrl: 'https://host.example/' }),
    });
    expect(registered.status).toBe(201);
    const said = await keys('rotate');
    expect(said).toContain('Encrypted 1 secrets anew under the key "new".');
    expect(said).toContain('The key "old" is no longer needed.');

    const refusal = await start(OLD).catch((error: Error) => error.message);
    expect(refusal).toMatch(
      /the key "new" encrypts secrets that are in use, and is not configured.*WAYBILL_SECRET_KEYS/s,
    );
    expect(refusal).not.toMatch(/\n\s+at /);
    expect(refusal).not.toContain(OLD.slice(4));
    await start(NEW);

    expect(await keys('discard', 'new')).toContain('1 secrets of the key "new" would be lost');
    expect(await keys('discard', 'new', '--confirm')).toContain('Discarded 1 secrets');
    await expect(start(OLD)).resolves.toBeDefined();
  });

  it.each([
    [[], /Say what to do: create, list, revoke, rotate or discard/],
    [['revoke'], /Say which one/],
    [['list', 'all'], /too many words/],
    [['create', '--name', 'x'], /either --tenant ID or --platform/],
  ])('says what is wrong with %j', async (args, says) => {
    expect(await refused(...args)).toMatch(says);
  });
});
