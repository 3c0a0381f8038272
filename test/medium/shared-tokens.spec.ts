import { Redis } from 'ioredis';
import { asTenantId } from '../../src/common/ids.js';
import { resolveSettings } from '../../src/config/settings.js';
import { parseSecretKeys, SecretCipher } from '../../src/security/secrets/secret-cipher.js';
import { type IssuedToken, SharedTokens } from '../../src/security/tokens/shared-tokens.js';
import { TokenBoard } from '../../src/security/tokens/token-board.js';
import { RedisConnections } from '../../src/storage/redis-connections.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { dumpRedis } from '../support/redis-dump.js';
import { freshPrefix, redisUrl } from '../support/services.js';

const KEYS = `test:${Buffer.alloc(32, 7).toString('base64')}`;
const OWNER = { tenantId: asTenantId('lab-1'), id: 'sec_1' };
const MINUTE = 60_000;

/** A vendor that counts how often it was asked; `answer` says what it gives from now on. */
function tokenVendor() {
  const vendor = {
    asked: 0,
    answer: async (asked: number): Promise<IssuedToken> => ({
      value: `tok-secret-${asked}`,
      lifetimeMs: 10 * MINUTE,
    }),
    issue: () => vendor.answer((vendor.asked += 1)),
  };
  return vendor;
}

describe('shared tokens', () => {
  const started: RedisConnections[] = [];
  let prefix: string;
  let redis: Redis;

  /** What one process has. */
  function aProcess(url = redisUrl()): SharedTokens {
    const settings = resolveSettings({
      mongodb: { uri: 'mongodb://unused' },
      redis: { url, prefix },
      secretKeys: KEYS,
    });
    const connections = new RedisConnections(settings);
    started.push(connections);
    return new SharedTokens(new TokenBoard(connections, settings), new SecretCipher(parseSecretKeys(KEYS)));
  }

  beforeEach(() => {
    prefix = freshPrefix('tokens');
    redis = new Redis(redisUrl());
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const connections of started.splice(0)) connections.onApplicationShutdown();
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
    await redis.quit();
  });

  const setClock = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(ms);

  it('gets a token once, however many processes ask for it at the same time', async () => {
    const vendor = tokenVendor();
    const processes = [aProcess(), aProcess(), aProcess()];
    const asked = processes.flatMap((tokens) => Array.from({ length: 20 }, () => tokens.get(OWNER, vendor.issue)));
    const values = new Set((await Promise.all(asked)).map(({ value }) => value));
    expect([vendor.asked, [...values]]).toEqual([1, ['tok-secret-1']]);
  });

  it('has it in Redis encrypted, and for no longer than it lives', async () => {
    const vendor = tokenVendor();
    await aProcess().get(OWNER, vendor.issue);
    const dump = await dumpRedis(redisUrl(), prefix);
    expect(dump).toContain(OWNER.id);
    expect(dump).not.toContain('tok-secret');
    expect(dump).not.toContain(Buffer.from('tok-secret-1').toString('base64'));
    const lifeMs = await redis.pttl(`${prefix}:token:${OWNER.id}`);
    expect(lifeMs).toBeGreaterThan(9 * MINUTE);
    expect(lifeMs).toBeLessThanOrEqual(10 * MINUTE);
  });

  it("reads no other credentials' token, wherever it was moved to", async () => {
    const vendor = tokenVendor();
    await aProcess().get(OWNER, vendor.issue);
    await redis.copy(`${prefix}:token:sec_1`, `${prefix}:token:sec_2`);
    const { value } = await aProcess().get({ ...OWNER, id: 'sec_2' }, vendor.issue);
    expect(value).toBe('tok-secret-2');
    const { value: ofAnother } = await aProcess().get({ ...OWNER, tenantId: asTenantId('lab-2') }, vendor.issue);
    expect(ofAnother).toBe('tok-secret-3');
  });

  it('renews it once before it expires, while the others go on with the old one', async () => {
    const vendor = tokenVendor();
    const [one, two] = [aProcess(), aProcess()];
    const issuedAt = Date.now();
    setClock(issuedAt);
    await Promise.all([one.get(OWNER, vendor.issue), two.get(OWNER, vendor.issue)]);
    setClock(issuedAt + 9 * MINUTE - 1);
    expect((await one.get(OWNER, vendor.issue)).value).toBe('tok-secret-1');

    setClock(issuedAt + 9 * MINUTE);
    let finish = () => undefined as void;
    const asked = new Promise<void>((isAsked) => {
      vendor.answer = async (count) => {
        isAsked();
        await new Promise<void>((resolve) => (finish = resolve));
        return { value: `tok-secret-${count}`, lifetimeMs: 10 * MINUTE };
      };
    });
    const renewed = one.get(OWNER, vendor.issue);
    await asked;
    expect((await two.get(OWNER, vendor.issue)).value).toBe('tok-secret-1');
    finish();
    expect((await renewed).value).toBe('tok-secret-2');
    expect((await two.get(OWNER, vendor.issue)).value).toBe('tok-secret-2');
    expect(vendor.asked).toBe(2);
  });

  it('never gives out one that has expired', async () => {
    const vendor = tokenVendor();
    const tokens = aProcess();
    const issuedAt = Date.now();
    await tokens.get(OWNER, vendor.issue);
    setClock(issuedAt + 11 * MINUTE);
    expect((await tokens.get(OWNER, vendor.issue)).value).toBe('tok-secret-2');
  });

  it('replaces one that the vendor refused, once for all who were refused', async () => {
    const vendor = tokenVendor();
    const processes = [aProcess(), aProcess()];
    const [one, two] = await Promise.all(processes.map((tokens) => tokens.get(OWNER, vendor.issue)));
    expect(one?.receipt).toBe(two?.receipt);
    const again = processes.flatMap((tokens) =>
      Array.from({ length: 10 }, () => tokens.get(OWNER, vendor.issue, one?.receipt)),
    );
    const values = new Set((await Promise.all(again)).map(({ value }) => value));
    expect([vendor.asked, [...values]]).toEqual([2, ['tok-secret-2']]);
  });

  it('tells all who wait that the vendor gives none, and asks again the next time', async () => {
    const vendor = tokenVendor();
    const tokens = aProcess();
    vendor.answer = () => Promise.reject(new Error('down'));
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => tokens.get(OWNER, vendor.issue)));
    expect(asked.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(vendor.asked).toBe(1);
    vendor.answer = async () => ({ value: 'tok-secret-x', lifetimeMs: null });
    expect((await tokens.get(OWNER, vendor.issue)).value).toBe('tok-secret-x');
  });

  it('goes on with one that is still good where the vendor cannot renew it, and asks again only after a while', async () => {
    const vendor = tokenVendor();
    const { answer } = vendor;
    const tokens = aProcess();
    const issuedAt = Date.now();
    await tokens.get(OWNER, vendor.issue);
    vendor.answer = () => Promise.reject(new Error('down'));
    setClock(issuedAt + 9.5 * MINUTE);
    expect((await tokens.get(OWNER, vendor.issue)).value).toBe('tok-secret-1');
    expect((await tokens.get(OWNER, vendor.issue)).value).toBe('tok-secret-1');
    expect(vendor.asked).toBe(2);
    vendor.answer = answer;
    setClock(issuedAt + 9.5 * MINUTE + 5_000);
    expect((await tokens.get(OWNER, vendor.issue)).value).toBe('tok-secret-3');
  });

  it('takes over from a process that died while it was getting one', async () => {
    const vendor = tokenVendor();
    await redis.set(`${prefix}:token-claim:${OWNER.id}`, 'of the dead', 'PX', 300);
    expect((await aProcess().get(OWNER, vendor.issue)).value).toBe('tok-secret-1');
    expect(await redis.exists(`${prefix}:token-claim:${OWNER.id}`)).toBe(0);
  });

  it('leaves a claim alone that is no longer its own', async () => {
    const vendor = tokenVendor();
    vendor.answer = async () => {
      await redis.set(`${prefix}:token-claim:${OWNER.id}`, 'of another', 'PX', MINUTE);
      return { value: 'tok-secret-late', lifetimeMs: MINUTE };
    };
    await aProcess().get(OWNER, vendor.issue);
    expect(await redis.get(`${prefix}:token-claim:${OWNER.id}`)).toBe('of another');
  });

  it('has a token of its own in each process while Redis is away', async () => {
    const proxy = await CuttableProxy.to(redisUrl());
    await proxy.cut();
    const vendor = tokenVendor();
    const [one, two] = [aProcess(proxy.uri('')), aProcess(proxy.uri(''))];
    const values = await Promise.all([one, one, two, two].map((tokens) => tokens.get(OWNER, vendor.issue)));
    expect(new Set(values.map(({ value }) => value)).size).toBe(2);
    expect(vendor.asked).toBe(2);
    const [mine] = values;
    expect((await one.get(OWNER, vendor.issue, mine?.receipt)).value).toBe('tok-secret-3');
    expect((await one.get(OWNER, vendor.issue)).value).toBe('tok-secret-3');
  });

  it('gets one where Redis goes away in the middle of it', async () => {
    const proxy = await CuttableProxy.to(redisUrl());
    const vendor = tokenVendor();
    const tokens = aProcess(proxy.uri(''));
    vendor.answer = async () => {
      await proxy.cut();
      return { value: 'tok-secret-own', lifetimeMs: MINUTE };
    };
    expect((await tokens.get(OWNER, vendor.issue)).value).toBe('tok-secret-own');
    expect(vendor.asked).toBe(1);
  });

  it('reads nothing into what is not of its making', async () => {
    const vendor = tokenVendor();
    for (const text of ['{', '[]', '{"sealed":{}}', '{"sealed":{"iv":1},"renewAt":9e15,"expiresAt":9e15}']) {
      await redis.set(`${prefix}:token:${OWNER.id}`, text);
      const { value } = await aProcess().get(OWNER, vendor.issue);
      expect(value).toBe(`tok-secret-${vendor.asked}`);
    }
    expect(vendor.asked).toBe(4);
  });
});
