import { randomBytes } from 'node:crypto';
import { newSecretId } from '../../src/common/ids.js';
import { parseSecretKeys, SecretCipher } from '../../src/security/secrets/secret-cipher.js';
import { SECRET_KEYS } from '../../src/security/secrets/secret-key.collection.js';
import { SecretKeysMismatchError } from '../../src/security/secrets/secret-keys-mismatch.error.js';
import { SecretRotation } from '../../src/security/secrets/secret-rotation.js';
import { SecretVault } from '../../src/security/secrets/secret-vault.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { Database } from '../../src/storage/database.js';
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const keyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = keyOf('old');
const NEW = keyOf('new');

describe('the keys of the secrets', () => {
  let vendor: FakeVendor;
  let first: TestHost;
  let others: TestHost[];

  beforeEach(async () => {
    vendor = await startFakeVendor();
    first = await startTestHost({ role: 'api', settings: { secretKeys: OLD } });
    others = [];
  });

  afterEach(async () => {
    await Promise.all(others.map((host) => host.close({ keepData: true })));
    await Promise.all([first.close(), vendor.close()]);
  });

  /** Another process of the same installation. */
  async function start(secretKeys: string, role: 'api' | 'all' = 'api'): Promise<TestHost> {
    const { mongodb, redis } = first.settings;
    const host = await startTestHost({ role, settings: { mongodb, redis, secretKeys } });
    others.push(host);
    return host;
  }

  /** What the refusal to start says about the keys; it never shows one. */
  async function refusalOf(secretKeys: string): Promise<unknown> {
    const refusal: unknown = await start(secretKeys).catch((error: unknown) => error);
    if (!(refusal instanceof SecretKeysMismatchError)) throw new Error(`It was not refused: ${String(refusal)}`);
    const said = JSON.stringify([refusal.message, refusal.details, refusal.remedy]);
    for (const pair of secretKeys.split(',')) expect(said).not.toContain(pair.split(':')[1]);
    return refusal.details['faults'];
  }

  const vault = () => first.find(SecretVault);
  const secrets = () => first.find(Database).model(SECRETS);
  const rotation = (keys: string) => new SecretRotation(first.find(Database), new SecretCipher(parseSecretKeys(keys)));

  async function storeMany(count: number): Promise<string[]> {
    const cipher = new SecretCipher(parseSecretKeys(OLD));
    const ids = Array.from({ length: count }, () => newSecretId());
    const documents = ids.map((_id) => ({
      _id,
      tenantId: LAB,
      ...cipher.encrypt(`value of ${_id}`, `${LAB}\0${_id}`),
      createdAt: new Date(),
    }));
    await secrets().insertMany(documents);
    return ids;
  }

  describe('at the start', () => {
    it('must have every key that is in use, or the start is refused with its id', async () => {
      await vault().store(LAB, 'hush-hush-1');
      expect(await refusalOf(NEW)).toEqual([expect.stringMatching(/^the key "old" .* is not configured$/)]);
      await start(`${NEW},${OLD}`);
    });

    it('may lack a key that encrypts nothing', async () => {
      await expect(start(NEW)).resolves.toBeDefined();
    });

    it('must have the bytes that their ids had, or the start is refused with the id', async () => {
      expect(await refusalOf(keyOf('old'))).toEqual([expect.stringMatching(/^the key "old" has other bytes/)]);
      await vault().store(LAB, 'hush-hush-1');
      expect(await refusalOf(`${NEW},${keyOf('old')}`)).toEqual([expect.stringMatching(/^the key "old" has other/)]);
    });

    it('are tried on a secret where nothing proves them yet', async () => {
      await vault().store(LAB, 'hush-hush-1');
      await first.find(Database).model(SECRET_KEYS).deleteMany({});
      expect(await refusalOf(keyOf('old'))).toHaveLength(1);
      await start(OLD);
      expect(await refusalOf(keyOf('old'))).toHaveLength(1);
    });

    it('are one to an id, also where two processes come with different ones at the same moment', async () => {
      const starts = await Promise.allSettled([start(`${OLD},${keyOf('twin')}`), start(`${OLD},${keyOf('twin')}`)]);
      expect(starts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });
  });

  describe('in a rotation', () => {
    it('encrypt every secret anew while processes read them, until the old key may go', async () => {
      const ids = await storeMany(450);
      const both = await start(`${NEW},${OLD}`);
      const read = (host: TestHost) =>
        Promise.all(
          ids.map((id) =>
            host
              .find(SecretVault)
              .reveal(LAB, id)
              .then((value) => value === `value of ${id}`),
          ),
        );
      await read(both);

      const progress: number[] = [];
      const [rotated] = await Promise.all([
        rotation(`${NEW},${OLD}`).rotate((step) => progress.push(step.rotated)),
        read(await start(`${NEW},${OLD}`)),
      ]);
      expect(rotated).toEqual({ keyId: 'new', rotated: 450, unreadable: [], left: new Map([['old', 0]]) });
      expect(progress).toEqual([200, 400, 450]);
      expect(await secrets().distinct('keyId')).toEqual(['new']);

      const onlyNew = await start(NEW);
      for (const host of [both, onlyNew]) expect(new Set(await read(host))).toEqual(new Set([true]));
    });

    it('go on after a rotation that was broken off, and find nothing to do after one that was not', async () => {
      await storeMany(250);
      const brokenOff = rotation(`${NEW},${OLD}`).rotate(() => {
        throw new Error('killed');
      });
      await expect(brokenOff).rejects.toThrow('killed');
      expect(await secrets().countDocuments({ keyId: 'old' })).toBe(50);
      expect(await rotation(`${NEW},${OLD}`).rotate()).toMatchObject({ rotated: 50, left: new Map([['old', 0]]) });
      expect(await rotation(`${NEW},${OLD}`).rotate()).toMatchObject({ rotated: 0 });
    });

    it('also encrypt what a process stored under the old key meanwhile', async () => {
      await storeMany(1);
      let late = '';
      await rotation(`${NEW},${OLD}`).rotate(() => undefined);
      const spied = jest.spyOn(first.find(Database), 'updateEach').mockImplementationOnce(async (spec, updates) => {
        spied.mockRestore();
        late = await vault().store(LAB, 'stored meanwhile');
        return first.find(Database).updateEach(spec, updates);
      });
      await storeMany(1);
      expect(await rotation(`${NEW},${OLD}`).rotate()).toMatchObject({ rotated: 2 });
      const host = await start(NEW);
      expect(await host.find(SecretVault).reveal(LAB, late)).toBe('stored meanwhile');
    });

    it('put nothing back that was changed or forgotten between reading and writing', async () => {
      const [changed = '', gone = ''] = await storeMany(2);
      const database = first.find(Database);
      const spied = jest.spyOn(database, 'updateEach').mockImplementationOnce(async (spec, updates) => {
        spied.mockRestore();
        const other = new SecretCipher(parseSecretKeys(OLD)).encrypt('changed meanwhile', `${LAB}\0${changed}`);
        await secrets().updateOne({ _id: changed }, { $set: { ...other } });
        await vault().forget(LAB, gone);
        return database.updateEach(spec, updates);
      });
      const result = await rotation(`${NEW},${OLD}`).rotate();
      expect(result.left).toEqual(new Map([['old', 1]]));
      expect(await secrets().countDocuments({})).toBe(1);
      expect(await vault().reveal(LAB, changed)).toBe('changed meanwhile');
      expect(await rotation(`${NEW},${OLD}`).rotate()).toMatchObject({ rotated: 1 });
    });

    it('leave a secret that cannot be read as it is, and name it', async () => {
      const [damaged = ''] = await storeMany(3);
      await secrets().updateOne({ _id: damaged }, { $set: { tag: randomBytes(16).toString('base64') } });
      expect(await rotation(`${NEW},${OLD}`).rotate()).toMatchObject({
        rotated: 2,
        unreadable: [damaged],
        left: new Map([['old', 1]]),
      });
    });

    it('give up what a lost key encrypted, on demand only', async () => {
      await storeMany(3);
      expect(await refusalOf(NEW)).toHaveLength(1);
      expect(await rotation(NEW).discard('old')).toBe(3);
      await start(`${NEW},${keyOf('old')}`);
    });
  });

  it('are waited for by a delivery in a process that does not have the new one yet', async () => {
    const worker = await start(OLD, 'all');
    const { auth } = await worker.createIntegration({ url: vendor.url, auth: { kind: 'bearer', token: 'tok-12345' } });
    await rotation(`${NEW},${OLD}`).rotate();
    const { deliveries } = await worker.dispatcher.emit(PatientRegistered, { tenantId: LAB, patientId: 'P-1' });
    expect(await worker.waitForLog(deliveries[0]?.logId ?? '', 'FAIL')).toMatchObject({
      errorClass: 'config',
      errorCode: 'SECRET_KEY_UNKNOWN',
      errorMessage: expect.stringContaining('"new"'),
      attemptCount: 3,
    });
    const both = await start(`${NEW},${OLD}`);
    expect(await both.find(SecretVault).reveal(LAB, auth.secretId ?? '')).toBe('tok-12345');
    expect(vendor.requests).toEqual([]);
  });
});
