import { asIntegrationId } from '../../src/common/ids.js';
import { INBOUND_SOURCES } from '../../src/inbound/sources/inbound-source.collection.js';
import { SourceDirectory } from '../../src/inbound/sources/source-directory.js';
import { DEFAULT_TRAFFIC } from '../../src/integrations/traffic.js';
import { SECRETS } from '../../src/security/secrets/secret.collection.js';
import { Database } from '../../src/storage/database.js';
import { ApiClient } from '../support/api-client.js';
import { SECRET, signed } from '../support/inbound-sources.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';
import { PatientRegistered } from '../support/test-lab.js';

const ANALYSER = {
  name: 'Analyser',
  vendor: 'acme-lab',
  verification: { kind: 'standard-webhooks', secrets: [SECRET] },
  eventType: '/type',
};
const BODY = '{"type":"result.ready","patient":"P-1"}';

describe('/v1/sources', () => {
  let host: TestHost;
  let lab: ApiClient;
  let other: ApiClient;
  let platform: ApiClient;

  beforeAll(async () => {
    // No sweep of a reconciler helps within a test.
    host = await startServerHost({ settings: { reconciler: { intervalMs: 3_600_000 } } });
    await host.createTenant('lab-2');
    lab = new ApiClient(host, await host.createKey());
    other = new ApiClient(host, await host.createKey('lab-2'));
    platform = new ApiClient(host, await host.createKey(null));
  });

  afterAll(() => host.close());

  const create = async (part: object = {}) =>
    (await lab.post('/v1/sources', { ...ANALYSER, ...part }).expect(201)).body;
  const call = async (address: string) => (await host.http.post(address).set(signed(BODY)).send(BODY)).status;

  it('creates one, with every default filled in', async () => {
    expect(await create()).toEqual({
      id: expect.stringMatching(/^src_/),
      tenantId: LAB,
      ...ANALYSER,
      enabled: true,
      disabledReason: null,
      pause: null,
      verification: { kind: 'standard-webhooks', toleranceSeconds: 300, versions: ['v1'], secretSet: true },
      eventId: null,
      context: {},
      dedupeWindowMs: 604_800_000,
      mode: 'async',
      answerWithinMs: 5_000,
      timeoutMs: 30_000,
      maxBytes: 1_048_576,
      rate: null,
      allowCidrs: [],
      schema: null,
      handling: { kind: 'handler' },
      bulk: null,
      keepsRefusedBodies: false,
      retryPolicy: {
        maxAttempts: 20,
        baseDelayMs: 10_000,
        maxDelayMs: 14_400_000,
        waitsMs: null,
        deadlineMs: null,
      },
      traffic: DEFAULT_TRAFFIC,
      answers: null,
      addresses: [{ createdAt: expect.any(String), validUntil: null }],
      page: { createdAt: expect.any(String) },
      version: 1,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      updatedBy: expect.stringMatching(/^key [0-9a-f]{16} \(test\)$/),
      address: expect.stringMatching(/^\/hooks\/[0-9a-f]{32}\.[\w-]{43}$/),
      pageAddress: expect.stringMatching(/^\/source-pages\/[0-9a-f]{32}\.[\w-]{43}$/),
      forwardSecret: null,
    });
  });

  it('takes webhooks at the address that it has answered with', async () => {
    const { id, address } = await create();
    expect(await call(address)).toBe(202);
    await lab.patch(`/v1/sources/${id}`, { enabled: false }).expect(200);
    expect(await call(address)).toBe(503);
    await lab.delete(`/v1/sources/${id}`).expect(204);
    expect(await call(address)).toBe(404);
  });

  it('never answers again with an address, a secret, its hash or the reference to one', async () => {
    const { id, address, pageAddress, forwardSecret } = await create({
      handling: { kind: 'forward', url: `${host.url}/hooks-of-host` },
    });
    expect(forwardSecret).toMatch(/^whsec_/);
    await lab.post(`/v1/sources/${id}/rotate-address`, {}).expect(200);
    const answers = await Promise.all([
      lab.get(`/v1/sources/${id}`),
      lab.get('/v1/sources'),
      lab.get(`/v1/sources/${id}/versions`),
      lab.patch(`/v1/sources/${id}`, { name: 'Renamed' }),
      lab.post('/v1/sources', { ...ANALYSER, timeoutMs: 'x' }),
    ]);
    for (const { text } of answers) {
      expect(text).not.toMatch(/whsec_|secretId|sec_|sha256|\/hooks\//);
      for (const shown of [address.split('.')[1], pageAddress.split('.')[1]]) expect(text).not.toContain(shown);
    }
    const stored = await host.find(Database).model(INBOUND_SOURCES).findById(id).lean();
    expect(JSON.stringify(stored)).not.toContain(address.split('.')[1]);
  });

  it.each([
    ['no verification', { verification: undefined }, ['verification.kind']],
    ['an unknown verification', { verification: { kind: 'magic' } }, ['verification.kind']],
    [
      'a field of another verification',
      { verification: { ...ANALYSER.verification, token: 'x' } },
      ['verification.token'],
    ],
    ['callers that anybody may be', { verification: { kind: 'none' } }, ['verification.kind']],
    ['a secret that is none', { verification: { ...ANALYSER.verification, secrets: ['x'] } }, ['verification.secrets']],
    [
      'places that are none',
      { eventType: 'type', eventId: 'headers:x', answers: { reference: '/', extract: 'a.b' } },
      ['answers.extract', 'answers.reference', 'eventId', 'eventType'],
    ],
    [
      'a context under names that are taken or of secrets, of no places',
      { context: { webhookId: '/id', apiKey: '/key', patientId: 'patient', 'a.b': '/a' } },
      ['context.a.b', 'context.apiKey', 'context.patientId', 'context.webhookId'],
    ],
    ['an order by no place', { traffic: { ordering: { by: 'patientId' } } }, ['traffic.ordering.by']],
    ['a window of years', { dedupeWindowMs: 31 * 86_400_000 }, ['dedupeWindowMs']],
    ['an unknown format of files', { bulk: 'xlsx' }, ['bulk']],
    ['an unknown mode', { mode: 'later' }, ['mode']],
    ['an answer in no time', { answerWithinMs: 99, timeoutMs: 99 }, ['answerWithinMs', 'timeoutMs']],
    ['an answer too late', { answerWithinMs: 30_001 }, ['answerWithinMs']],
    ['a body too large', { maxBytes: 26_214_401 }, ['maxBytes']],
    ['a rate that is none', { rate: { calls: 0 } }, ['rate.calls']],
    ['ranges that are none', { allowCidrs: ['10.0.0.0/8', '10.1', '10.0.0.0/40'] }, ['allowCidrs.1', 'allowCidrs.2']],
    ['a schema that is none', { schema: { type: 'nothing' } }, ['schema']],
    ['an unknown handling', { handling: { kind: 'drop' } }, ['handling.kind']],
    ['a handling that is none', { handling: 7 }, ['handling.kind']],
    [
      'a private address to forward to',
      { handling: { kind: 'forward', url: 'http://169.254.169.254/' } },
      ['handling.url'],
    ],
    ['a placeholder in it', { handling: { kind: 'forward', url: 'http://127.0.0.1/{{id}}' } }, ['handling.url']],
    [
      'an unknown action and a mapping that does not parse',
      { handling: { kind: 'emit', actionId: 4711, mapping: '{ "a": ' } },
      ['handling.actionId', 'handling.mapping'],
    ],
    ['no mapping', { handling: { kind: 'emit', actionId: 57 } }, ['handling.mapping']],
    [
      'several faults at once',
      { name: '', colour: 'red', retryPolicy: { maxAttempts: 0 }, handling: { kind: 'emit', actionId: 1 } },
      ['colour', 'handling.mapping', 'name', 'retryPolicy.maxAttempts'],
    ],
  ])('refuses %s', async (_case, part, fields) => {
    const { status, body } = await lab.post('/v1/sources', { ...ANALYSER, ...part });
    expect([status, body.code]).toEqual([422, 'SOURCE_INVALID']);
    const named: { field: string }[] = body.faults;
    expect([...new Set(named.map(({ field }) => field))].toSorted()).toEqual(fields);
  });

  describe('PATCH', () => {
    it('changes what is named and leaves the rest, secrets included', async () => {
      const { id, address } = await create();
      const { body } = await lab
        .patch(`/v1/sources/${id}`, {
          name: 'Renamed',
          retryPolicy: { maxAttempts: 3 },
          traffic: { ordering: { by: '/patient' } },
          schema: { type: 'object', $defs: { 'a.b': true } },
        })
        .expect(200);
      expect(body).toMatchObject({
        name: 'Renamed',
        eventType: '/type',
        retryPolicy: { maxAttempts: 3, baseDelayMs: 10_000 },
        traffic: { breaker: DEFAULT_TRAFFIC.breaker, ordering: { by: '/patient', afterFail: 'hold' } },
        schema: { type: 'object', $defs: { 'a.b': true } },
        verification: { kind: 'standard-webhooks', secretSet: true },
        version: 2,
      });
      expect(await call(address)).toBe(202);
    });

    it('replaces secrets, of which several may be good at once', async () => {
      const { id, address } = await create();
      const secrets = (...names: string[]) => ({ verification: { kind: 'standard-webhooks', secrets: names } });
      const another = `whsec_${Buffer.alloc(24, 6).toString('base64')}`;
      await lab.patch(`/v1/sources/${id}`, secrets(another, SECRET)).expect(200);
      expect(await call(address)).toBe(202);
      await lab.patch(`/v1/sources/${id}`, secrets(another)).expect(200);
      expect(await call(address)).toBe(401);
    });

    it('keeps the secret of a forward whose URL changes, and makes another after another handling', async () => {
      const forward = (path: string) => ({ handling: { kind: 'forward', url: `${host.url}${path}` } });
      const { id, ...first } = await create(forward('/a'));
      const change = async (part: object) => (await lab.patch(`/v1/sources/${id}`, part).expect(200)).body;
      expect(await change(forward('/b'))).toMatchObject({ ...forward('/b'), forwardSecret: null });
      expect(await change({ name: 'Renamed' })).toMatchObject({ ...forward('/b'), forwardSecret: null });
      const emit = { handling: { kind: 'emit', actionId: PatientRegistered.id, mapping: '{}' } };
      expect(await change(emit)).toMatchObject({ ...emit, forwardSecret: null });
      const { forwardSecret } = await change(forward('/c'));
      expect(forwardSecret).toMatch(/^whsec_/);
      expect(forwardSecret).not.toBe(first.forwardSecret);
    });

    it('checks the result as a whole, and changes nothing of what it refuses', async () => {
      const { id } = await create();
      const { body } = await lab.patch(`/v1/sources/${id}`, { allowCidrs: ['x'], nmae: 1 }).expect(422);
      expect(body.faults.map(({ field }: { field: string }) => field).toSorted()).toEqual(['allowCidrs.0', 'nmae']);
      expect((await lab.get(`/v1/sources/${id}`)).body.version).toBe(1);
    });

    it('keeps callers that are known by their address alone from being anybody', async () => {
      const { id } = await create({ verification: { kind: 'none' }, allowCidrs: ['192.0.2.0/24'] });
      const { body } = await lab.patch(`/v1/sources/${id}`, { allowCidrs: [] }).expect(422);
      expect(body.faults.map(({ field }: { field: string }) => field)).toEqual(['verification.kind']);
      await lab.patch(`/v1/sources/${id}`, { allowCidrs: ['198.51.100.7'] }).expect(200);
    });

    it('lets one of many simultaneous changes of a version win', async () => {
      const { id } = await create();
      const changes = Array.from({ length: 8 }, (_, index) =>
        lab.patch(`/v1/sources/${id}`, { name: `N ${index}`, version: 1 }),
      );
      const answers = await Promise.all(changes);
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
        200,
        ...Array<number>(7).fill(409),
      ]);
      expect(answers.find(({ status }) => status === 409)?.body.code).toBe('SOURCE_VERSION_CONFLICT');
      await lab.patch(`/v1/sources/${id}`, { name: 'x', version: 'x' }).expect(400);
    });

    it('leaves no secret behind of a change that came too late', async () => {
      const { id } = await create();
      const secrets = host.find(Database).model(SECRETS);
      const before = await secrets.countDocuments();
      const handling = { kind: 'forward', url: host.url };
      const change = { version: 1, verification: ANALYSER.verification, handling };
      const answers = await Promise.all(Array.from({ length: 8 }, () => lab.patch(`/v1/sources/${id}`, change)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect((await secrets.countDocuments()) - before).toBe(2);
    });

    it('switches on again what Waybill itself has switched off', async () => {
      const { id } = await create();
      const directory = host.find(SourceDirectory);
      expect(await directory.disable(asIntegrationId(id), 'no handler in sight', 7)).toBe(false);
      expect(await directory.disable(asIntegrationId(id), 'no handler in sight')).toBe(true);
      const { body } = await lab.get(`/v1/sources/${id}`);
      expect(body).toMatchObject({ enabled: false, disabledReason: 'no handler in sight', updatedBy: 'waybill' });
      const on = await lab.patch(`/v1/sources/${id}`, { enabled: true }).expect(200);
      expect(on.body).toMatchObject({ enabled: true, disabledReason: null, version: 3 });
      const { body: versions } = await lab.get(`/v1/sources/${id}/versions`).expect(200);
      const kept: { version: number; enabled: boolean; updatedBy: string }[] = versions.items;
      expect(kept.map(({ version, enabled }) => [version, enabled])).toEqual([
        [3, true],
        [2, false],
        [1, true],
      ]);
      expect(kept[1]?.updatedBy).toBe('waybill');
    });
  });

  describe('rotate-address', () => {
    const rotate = (id: string, body: object = {}) => lab.post(`/v1/sources/${id}/rotate-address`, body);

    it('takes webhooks at the old address too, for a day where nothing else is said', async () => {
      const { id, address } = await create();
      const { body } = await rotate(id).expect(200);
      expect(body).toEqual({
        address: expect.stringMatching(/^\/hooks\//),
        addresses: [
          { createdAt: expect.any(String), validUntil: null },
          { createdAt: expect.any(String), validUntil: expect.any(String) },
        ],
        version: 2,
      });
      const [now, before] = body.addresses;
      expect(Date.parse(before.validUntil) - Date.parse(now.createdAt)).toBe(86_400_000);
      expect([await call(address), await call(body.address)]).toEqual([202, 202]);
    });

    it('ends the old ones at once where asked', async () => {
      const { id, address } = await create();
      const second = await rotate(id).expect(200);
      const third = await rotate(id, { overlapSeconds: 0 }).expect(200);
      expect(third.body.addresses).toHaveLength(1);
      const statuses = [await call(address), await call(second.body.address), await call(third.body.address)];
      expect(statuses).toEqual([404, 404, 202]);
    });

    it('has three at the most, and none is longer valid than it was', async () => {
      const { id } = await create();
      const { body: first } = await rotate(id, { overlapSeconds: 60 }).expect(200);
      const { body: second } = await rotate(id, { overlapSeconds: 3_600 }).expect(200);
      expect(second.addresses[2].validUntil).toBe(first.addresses[1].validUntil);
      const { body: refused } = await rotate(id).expect(409);
      expect(refused.code).toBe('SOURCE_ADDRESSES_TOO_MANY');
      await rotate(id, { overlapSeconds: -1 }).expect(400);
      await rotate(id, { overlapSeconds: 0 }).expect(200);
    });
  });

  it('rotates the token of the page, the one before ending at once', async () => {
    const { id, pageAddress, page } = await create();
    const { body } = await lab.post(`/v1/sources/${id}/rotate-page`).expect(200);
    expect(body).toEqual({
      pageAddress: expect.stringMatching(/^\/source-pages\/[0-9a-f]{32}\.[\w-]{43}$/),
      version: 2,
    });
    expect(body.pageAddress).not.toBe(pageAddress);
    expect((await lab.get(`/v1/sources/${id}`)).body.page).not.toEqual(page);
  });

  it('has a page with a policy of its own, stricter than that of the API', async () => {
    const { pageAddress } = await create();
    const { headers } = await host.http.get(pageAddress).expect(200);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });

  it('pauses and resumes: webhooks are acknowledged meanwhile, and wait', async () => {
    const handling = { kind: 'emit', actionId: PatientRegistered.id, mapping: '{ "patientId": body.patient }' };
    const { id, address } = await create({ handling });
    const { body: paused } = await lab.post(`/v1/sources/${id}/pause`, { reason: 'Their test' }).expect(200);
    expect(paused).toMatchObject({ version: 2, pause: { reason: 'Their test', by: expect.stringMatching(/^key /) } });
    const again = await lab.post(`/v1/sources/${id}/pause`, { reason: 'Mine' }).expect(200);
    expect(again.body.pause.reason).toBe('Their test');
    const { body } = await host.http.post(address).set(signed(BODY)).send(BODY).expect(202);
    expect(await host.findLog(body.id)).toMatchObject({ status: 'QUEUED', attemptCount: 0 });
    const resumed = await lab.post(`/v1/sources/${id}/resume`).expect(200);
    expect(resumed.body).toMatchObject({ version: 3, pause: null });
    await host.waitForLog(body.id, 'SUCCESS');
  });

  it('keeps every version with its author and time, also of a deleted one, and says who deleted it', async () => {
    const { id } = await create();
    await lab.patch(`/v1/sources/${id}`, { name: 'Two' }).expect(200);
    await platform.delete(`/v1/sources/${id}?tenantId=${LAB}`).expect(204);
    await lab.get(`/v1/sources/${id}`).expect(404);
    await lab.delete(`/v1/sources/${id}`).expect(404);
    const { body } = await lab.get(`/v1/sources/${id}/versions`).expect(200);
    const items: Record<string, unknown>[] = body.items;
    expect(items.map(({ version, name, deleted }) => [version, name, deleted])).toEqual([
      [3, 'Two', true],
      [2, 'Two', false],
      [1, 'Analyser', false],
    ]);
    expect(items[0]?.['updatedBy']).not.toBe(items[1]?.['updatedBy']);
    const times = items.map(({ updatedAt }) => Date.parse(String(updatedAt)));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect((await lab.all(`/v1/sources/${id}/versions`, 2)).length).toBe(3);
    await other.get(`/v1/sources/${id}/versions`).expect(404);
  });

  it('finds one deleted whose process died in the middle of it', async () => {
    const { id, address } = await create();
    const sources = host.find(Database).model(INBOUND_SOURCES);
    await sources.updateOne({ _id: asIntegrationId(id) }, { $set: { deleted: true, version: 2, updatedBy: 'x' } });
    await lab.get(`/v1/sources/${id}`).expect(404);
    await lab.delete(`/v1/sources/${id}`).expect(404);
    expect((await lab.get('/v1/sources?limit=200')).text).not.toContain(id);
    expect(await call(address)).toBe(404);
    const { body } = await lab.get(`/v1/sources/${id}/versions`).expect(200);
    expect(body.items[0]).toMatchObject({ version: 2, deleted: true });
  });

  it('pages through the list in the order of creation', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 3; number += 1) ids.push((await create()).id);
    const all = (await lab.all('/v1/sources', 2)).map(({ id }) => id);
    expect(all).toEqual(all.toSorted());
    expect(all.slice(-3)).toEqual(ids);
    expect(new Set(all).size).toBe(all.length);
    await lab.get('/v1/sources?cursor=W10').expect(400);
    await lab.get('/v1/sources?colour=red').expect(400);
  });

  it("hides a tenant's source from another: as if it did not exist", async () => {
    const { id } = await create();
    const path = `/v1/sources/${id}`;
    const answers = await Promise.all([
      other.get(path),
      other.patch(path, { enabled: false }),
      other.delete(path),
      other.get(`${path}/versions`),
      other.post(`${path}/pause`, { reason: 'x' }),
      other.post(`${path}/resume`),
      other.post(`${path}/rotate-address`, {}),
      other.post(`${path}/rotate-page`),
    ]);
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(8).fill([404, 'SOURCE_UNKNOWN']));
    expect((await other.get('/v1/sources')).body.items).toEqual([]);
    expect((await lab.get(path)).body.version).toBe(1);
    await platform.get(path).expect(400);
    await platform.get(`${path}?tenantId=${LAB}`).expect(200);
    await other.post('/v1/sources', { ...ANALYSER, tenantId: LAB }).expect(403);
  });

  it('is audited, without a value that was sent', async () => {
    const { id } = await create({ name: 'Audited' });
    await lab.post(`/v1/sources/${id}/rotate-address`, {}).expect(200);
    await lab.post(`/v1/sources/${id}/rotate-page`).expect(200);
    const { body, text } = await lab.get(`/v1/audit?subjectId=${id}`).expect(200);
    expect(body.items.map(({ what }: { what: string }) => what)).toEqual([
      'source.rotate-page',
      'source.rotate-address',
      'source.create.done',
    ]);
    expect(text).not.toMatch(/whsec_|\/hooks\//);
  });
});
