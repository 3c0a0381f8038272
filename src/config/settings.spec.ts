import { SettingsError } from './settings.error.js';
import { describeSettings, resolveSettings } from './settings.js';

const usual = {
  mongodb: { uri: 'mongodb://user:hunter2@db.example/waybill' },
  redis: { url: 'redis://:hunter3@cache.example' },
  secretKeys: 'k1:c2VjcmV0',
};

describe('resolveSettings', () => {
  it('completes what is given by the defaults, and freezes it', () => {
    const settings = resolveSettings({ ...usual, delivery: { concurrency: 7 } });
    expect(settings).toMatchObject({
      delivery: { concurrency: 7, takeoverAfterMs: 30_000 },
      redis: { prefix: 'waybill' },
    });
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.delivery)).toBe(true);
  });

  it('names every fault at once: what is missing, mistyped, out of range or unknown', () => {
    const wrong = {
      redis: { url: 'localhost' },
      mongodb: {},
      secretKeys: 'k',
      delivery: { concurrency: '7', colour: 1 },
      speed: 9,
    };
    // @ts-expect-error: what a host without a type checker could write
    const resolve = () => resolveSettings(wrong);
    expect(resolve).toThrow(SettingsError);
    expect(resolve).toThrow(/mongodb\.uri.*missing/s);
    expect(resolve).toThrow(/redis\.url must start with redis:\/\//);
    expect(resolve).toThrow(/delivery\.concurrency .*received: string/);
    expect(resolve).toThrow(/delivery\.colour is not a known field/);
    expect(resolve).toThrow(/speed is not a known field/);
  });
});

describe('the URL of Redis', () => {
  it('must be readable, and is not quoted where it is not', () => {
    const resolve = () => resolveSettings({ ...usual, redis: { url: 'redis://:hunter/2@cache:port' } });
    expect(resolve).toThrow(/redis\.url must be a URL; encode/);
    expect(resolve).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter') }));
  });
});

describe('describeSettings', () => {
  it('masks keys and passwords', () => {
    const lines = describeSettings(resolveSettings(usual)).join('\n');
    expect(lines).not.toMatch(/hunter|c2VjcmV0/);
    expect(lines).toContain('mongodb.uri: mongodb://***@db.example/waybill');
    expect(lines).toContain('delivery.concurrency: 200');
  });

  it.each([
    ['redis://:hunter@2hunter@cache', 'redis://***@cache'],
    ['redis://cache?password=hunter2&db=1', 'redis://cache?password=***&db=1'],
  ])('masks all of the password in %s', (url, shown) => {
    expect(describeSettings(resolveSettings({ ...usual, redis: { url } }))).toContain(`redis.url: ${shown}`);
  });
});
