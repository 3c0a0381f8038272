import { AuditStore } from '../../src/audit/audit.store.js';
import {
  asIntegrationId,
  asLogId,
  type IntegrationId,
  type RetryBatchId,
  retryBatchIdOf,
} from '../../src/common/ids.js';
import { HeldLogs } from '../../src/logging/held-logs.js';
import { IntegrationLogStore } from '../../src/logging/integration-log.store.js';
import { type Chosen, planOfSelection } from '../../src/retries/batches/batch-selection.js';
import { LogWalk } from '../../src/logging/log-walk.js';
import { RetryBatchStore } from '../../src/retries/batches/retry-batch.store.js';
import { ApiClient } from '../support/api-client.js';
import { aLog } from '../support/log-rows.js';
import { QueryPlans } from '../support/query-plans.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, type TestHost } from '../support/test-host.js';

const MONTH = 'from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z';
const AT = new Date('2026-10-01T00:00:00Z');

const BATCHES: [string, Chosen, string][] = [
  ['a filter', { selection: filterOf({ errorCode: 'HTTP_422' }) }, 'newest_of_error'],
  ['a vendor', { selection: filterOf({ vendor: 'CRM' }) }, 'newest_failed'],
  ['an integration', { selection: filterOf({ integrationId: 'int_1' }) }, 'newest_failed_of_integration'],
  ['ids', { selection: { kind: 'ids', logIds: [asLogId('log_1')] } }, '_id_'],
  [
    'a schedule',
    { selection: { kind: 'schedule', integrationId: asIntegrationId('int_1'), classes: ['transient'] } },
    'newest_failed_of_integration',
  ],
  ['webhooks', { selection: filterOf({ direction: 'inbound' }), replays: true }, 'newest'],
  [
    'the webhooks of a source',
    { selection: filterOf({ integrationId: 'src_1', from: '2026-11-03T10:00:00Z' }), replays: true },
    'newest_of_integration',
  ],
  [
    'webhooks of a type',
    { selection: filterOf({ direction: 'inbound', context: { webhookType: 'result.ready' } }), replays: true },
    'newest_of_key',
  ],
  ['ids of webhooks', { selection: { kind: 'ids', logIds: [asLogId('log_1')] }, replays: true }, '_id_'],
];

function filterOf(parameters: object): Chosen['selection'] {
  return { kind: 'filter', filterJson: JSON.stringify(parameters) };
}

describe('what the API asks of the database', () => {
  let plans: QueryPlans;
  let host: TestHost;
  let lab: ApiClient;
  let integrationId: IntegrationId;
  const batchId: RetryBatchId = retryBatchIdOf('plans');

  beforeAll(async () => {
    plans = await QueryPlans.open('plans');
    host = await startServerHost({ role: 'api', settings: { mongodb: { connection: plans.connection } } });
    lab = new ApiClient(host, await host.createKey());
    integrationId = (await host.createIntegration({ url: 'http://127.0.0.1:9/' }))._id;
    await host.find(IntegrationLogStore).insertQueued([aLog({ integrationId })]);
  });

  afterAll(async () => {
    await host.close();
    await plans.close();
  });

  beforeEach(() => {
    plans.forget();
  });

  const get = async (path: string) => {
    await lab.get(path.replace('{integration}', integrationId)).expect(200);
  };

  it.each([
    ['/v1/logs/count', 'integration_logs', 'newest'],
    ['/v1/logs/count?status=FAIL', 'integration_logs', 'newest_failed'],
    ['/v1/logs/count?status=QUEUED', 'integration_logs', 'newest_queued'],
    ['/v1/logs/count?vendor=CRM', 'integration_logs', 'newest_of_integration'],
    ['/v1/logs/count?text=patient', 'integration_logs', 'newest_of_error'],
    ['/v1/logs/count?context[patientId]=P-1', 'integration_logs', 'newest_of_key'],
    ['/v1/logs/export?format=csv&status=FAIL', 'integration_logs', 'newest_failed'],
    ['/v1/logs?vendor=CRM', 'log_origins', 'of_tenant'],
    [`/v1/stats?${MONTH}&step=1d`, 'log_rollups', 'of_integration'],
    [`/v1/stats?${MONTH}&step=1h&integrationId={integration}`, 'log_rollups', 'of_integration'],
    [`/v1/stats?${MONTH}&step=1h&integrationId={integration}&actionId=57`, 'log_rollups', 'of_integration'],
    [`/v1/stats?${MONTH}&step=1h&actionId=57`, 'log_rollups', 'of_action'],
    ['/v1/failure-groups', 'failure_groups', 'last_seen'],
    ['/v1/failure-groups?errorClass=rejected&integrationId={integration}', 'failure_groups', 'last_seen'],
    ['/v1/failure-groups?state=open', 'failure_groups', 'last_seen_in_state'],
    ['/v1/audit', 'audit_entries', 'newest'],
    [`/v1/audit?${MONTH}`, 'audit_entries', 'newest'],
    ['/v1/audit?subjectId=int_1&subjectType=integration', 'audit_entries', 'newest_of_subject'],
    ['/v1/audit?who=key_1', 'audit_entries', 'newest_of_actor'],
    ['/v1/audit?what=integration.pause&who=key_1', 'audit_entries', 'newest_of_what'],
    ['/v1/retry-batches', 'retry_batches', 'newest_batch'],
    ['/v1/integrations', 'integrations', 'by_tenant'],
    ['/v1/integrations?actionId=57', 'integrations', 'by_action'],
    ['/v1/integrations/{integration}/versions', 'integration_versions', 'newest_version'],
  ])('for %s is served by an index', async (path, collection, index) => {
    await get(path);
    expect(await plans.explained(collection)).toEqual([{ indexes: [index], sorts: false }]);
  });

  it('goes on along the audit log by its index', async () => {
    await host.find(AuditStore).list({ tenantId: LAB }, { at: AT, id: 'lab-1:000000000001' }, 10);
    expect(await plans.explained('audit_entries')).toEqual([{ indexes: ['newest'], sorts: false }]);
  });

  it.each([
    [{ patientId: 'P-1' }, 'newest_of_key'],
    [{ patientId: 'P-1', billId: 'B-1' }, 'newest_of_key'],
    [{}, 'newest_of_integration'],
  ])('for a later success with the context %j is served by an index', async (ids, index) => {
    const log = aLog({ integrationId, context: { tenantId: LAB, ...ids }, createdAt: AT });
    await host.find(IntegrationLogStore).findLaterSuccess(log);
    expect(await plans.explained('integration_logs')).toMatchObject([{ indexes: [index] }]);
  });

  it('for what came to a source is served by an index', async () => {
    await host.find(IntegrationLogStore).newestOf(LAB, integrationId, 10);
    expect(await plans.explained('integration_logs')).toEqual([{ indexes: ['newest_of_integration'], sorts: false }]);
  });

  it('for the tries and the children of a log is served by an index', async () => {
    const store = host.find(IntegrationLogStore);
    const log = aLog({ integrationId });
    await Promise.all([store.attemptsOf(log), store.childrenOf(log, 10)]);
    expect(await plans.explained('integration_attempts')).toEqual([{ indexes: ['by_log'], sorts: false }]);
    expect(await plans.explained('integration_logs')).toEqual([{ indexes: ['children'], sorts: false }]);
  });

  it.each(BATCHES)('for a batch of %s is served by an index', async (_what, chosen, index) => {
    const walk = host.find(LogWalk);
    const plan = planOfSelection(LAB, { ...chosen, failedBefore: new Date() });
    await walk.groups(plan, 10);
    for await (const logs of walk.oldestFirst(plan, 10)) expect(logs).toEqual([]);
    const explained = await plans.explained('integration_logs');
    expect(new Set(explained.flatMap(({ indexes }) => indexes))).toEqual(new Set([index]));
  });

  it('for what is due and what is held back is served by an index', async () => {
    const { _id } = await host.createIntegration({
      url: 'http://127.0.0.1:9/',
      name: 'in order',
      traffic: { ordering: { by: 'patientId' } },
    });
    const ordered = (seq: number) => ({ integrationId: _id, order: { key: 'patientId=P-1', seq }, completedAt: null });
    await host
      .find(IntegrationLogStore)
      .insertQueued([aLog({ ...ordered(1), status: 'FAIL' }), aLog({ ...ordered(2), status: 'QUEUED' })]);
    plans.forget();
    const { body } = await lab.get(`/v1/integrations/${_id}/traffic`).expect(200);
    expect(body).toMatchObject({ held: 1, longestHeld: { behind: { status: 'FAIL' } } });
    await host.find(HeldLogs).longestOfNext('');
    const explained = await plans.explained('integration_logs');
    expect(explained.map(({ indexes }) => indexes.join()).toSorted()).toEqual(['backlog', 'held', 'order']);
    // The unfinished ones of a key may be sorted: the index has them by status.
    expect(explained.filter(({ indexes: [index], sorts }) => sorts && index !== 'order')).toEqual([]);
  });

  it('for the batches themselves is served by an index', async () => {
    const store = host.find(RetryBatchStore);
    const steps: [() => Promise<unknown>, string, string][] = [
      [() => store.list(LAB, { _id: batchId, createdAt: AT }, 10), 'retry_batches', 'newest_batch'],
      [() => store.findOpen(), 'retry_batches', 'open_batches'],
      [() => store.findItems(batchId, { limit: 10, after: 'a' }), 'retry_batch_items', 'items'],
      [() => store.findItems(batchId, { outcome: 'failed', limit: 10 }), 'retry_batch_items', 'items_of_outcome'],
      [() => store.findWaiting(batchId, integrationId, 10), 'retry_batch_items', 'items_of_integration'],
      [() => store.countOutcomes(batchId), 'retry_batch_items', 'items_of_outcome'],
    ];
    for (const [ask, collection, index] of steps) {
      plans.forget();
      await ask();
      expect(await plans.explained(collection)).toEqual([{ indexes: [index], sorts: false }]);
    }
  });
});
