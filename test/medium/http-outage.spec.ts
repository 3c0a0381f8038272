import { ApiClient } from '../support/api-client.js';
import { startServerHost } from '../support/server-host.js';
import { redisUrl, startPrivateRedis } from '../support/services.js';
import type { TestHost } from '../support/test-host.js';
import { Database } from '../../src/storage/database.js';

describe('the HTTP API while a store is away', () => {
  let host: TestHost;

  afterEach(() => host.close());

  it('answers 503 with Retry-After when MongoDB is away, and is not ready', async () => {
    host = await startServerHost({ role: 'api' });
    const lab = new ApiClient(host, await host.createKey());
    await lab.get('/v1/actions').expect(200);
    await host.find(Database).connection.getClient().close();
    const { status, body, headers } = await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } });
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(['EVENT_NOT_RECORDED', 'DATABASE_UNREACHABLE']).toContain(body.code);
    const ready = await host.http.get('/health/ready').expect(503);
    expect(ready.body).toMatchObject({ status: 'unavailable', mongodb: { ok: false }, redis: { ok: true } });
    await host.http.get('/health/live').expect(200);
  });

  it('is not ready when Redis is away, and takes events all the same', async () => {
    const redis = await startPrivateRedis();
    host = await startServerHost({ role: 'api', settings: { redis: { url: redis.url, prefix: 'outage' } } });
    const lab = new ApiClient(host, await host.createKey());
    await redis.stop();
    const ready = await host.http.get('/health/ready').expect(503);
    expect(ready.body).toMatchObject({ status: 'unavailable', mongodb: { ok: true }, redis: { ok: false } });
    expect(ready.body.redis.ms).toBeLessThan(2_000);
    await lab.post('/v1/events', { action: 57, context: { patientId: 'P-1' } }).expect(202);
    Object.assign(host.settings.redis, { url: redisUrl() });
  });
});
