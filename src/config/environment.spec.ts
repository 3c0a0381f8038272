import { optionsFromEnvironment } from './environment.js';
import { SettingsError } from './settings.error.js';

const REQUIRED = {
  MONGODB_URI: 'mongodb://db/waybill',
  REDIS_URL: 'redis://cache',
  WAYBILL_SECRET_KEYS: 'k1:AAAA',
};

const messageOf = (env: Record<string, string>) => {
  try {
    optionsFromEnvironment(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error('was accepted');
};

describe('optionsFromEnvironment', () => {
  it('needs three variables and has a default for everything else', () => {
    expect(optionsFromEnvironment(REQUIRED)).toEqual({
      role: 'all',
      port: 3_000,
      logLevel: 'info',
      trustProxy: 0,
      options: { mongodb: { uri: 'mongodb://db/waybill' }, redis: { url: 'redis://cache' }, secretKeys: 'k1:AAAA' },
    });
  });

  it('reads every setting by a name made of its path', () => {
    const { options } = optionsFromEnvironment({
      ...REQUIRED,
      WAYBILL_REDIS_PREFIX: 'blue',
      WAYBILL_DELIVERY_CONCURRENCY: '7',
      WAYBILL_DELIVERY_TAKEOVER_AFTER_MS: '5000',
      WAYBILL_ALLOW_CIDRS: '10.0.0.0/8, 127.0.0.0/8',
    });
    expect(options).toMatchObject({
      redis: { prefix: 'blue' },
      delivery: { concurrency: 7, takeoverAfterMs: 5_000 },
      network: { allowCidrs: ['10.0.0.0/8', '127.0.0.0/8'] },
    });
  });

  it('takes an empty variable as one that is not set', () => {
    expect(optionsFromEnvironment({ ...REQUIRED, PORT: '', WAYBILL_ROLE: '', WAYBILL_REDIS_PREFIX: '' }).port).toBe(
      3_000,
    );
  });

  it('names every fault at once, by the names of the variables', () => {
    const message = messageOf({
      REDIS_URL: 'http://cache',
      WAYBILL_ROLE: 'boss',
      WAYBILL_LOG_LEVEL: 'loud',
      WAYBILL_DELIVERY_CONCURRENCY: 'many',
      WAYBILL_LIMITS_REQUEST_BYTES: '1',
      PORT: '99999',
    });
    for (const part of [
      'MONGODB_URI must be set',
      'REDIS_URL',
      'WAYBILL_SECRET_KEYS must be set',
      'WAYBILL_ROLE must be one of api, worker, all',
      'WAYBILL_LOG_LEVEL must be one of',
      'WAYBILL_DELIVERY_CONCURRENCY must be a whole number',
      'WAYBILL_LIMITS_REQUEST_BYTES must not be less than 1024',
      'PORT must not be greater than 65535',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('refuses an unknown variable and names the closest known one', () => {
    expect(messageOf({ ...REQUIRED, WAYBILL_DELIVERY_CONCURENCY: '5' })).toContain(
      'WAYBILL_DELIVERY_CONCURENCY is not a known setting; did you mean WAYBILL_DELIVERY_CONCURRENCY?',
    );
  });

  it('never quotes a value', () => {
    expect(messageOf({ ...REQUIRED, MONGODB_URI: 'user:hunter2@db', PORT: 'hunter2' })).not.toContain('hunter2');
  });

  it('overlooks what Kubernetes sets for a Service called waybill', () => {
    const service = {
      WAYBILL_SERVICE_HOST: '10.0.0.1',
      WAYBILL_PORT: 'tcp://10.0.0.1:80',
      WAYBILL_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(optionsFromEnvironment({ ...REQUIRED, ...service }).role).toBe('all');
  });

  it('gives a worker no port of its own', () => {
    expect(optionsFromEnvironment({ ...REQUIRED, WAYBILL_ROLE: 'worker' }).port).toBeNull();
    expect(optionsFromEnvironment({ ...REQUIRED, WAYBILL_ROLE: 'worker', PORT: '8080' }).port).toBe(8_080);
  });
});
