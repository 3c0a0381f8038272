import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import { asLogId, type LogId } from '../../src/common/ids.js';
import { InboundWebhook, type ReceivedWebhook, WaybillModule } from '../../src/index.js';
import { ErasureRunner } from '../../src/erasure/erasure-runner.js';
import { FAILED_RECORDS, WEBHOOK_FILES, type WebhookFile } from '../../src/inbound/bulk/webhook-file.collection.js';
import { WebhookFileStore } from '../../src/inbound/bulk/webhook-file.store.js';
import type { LogStatus } from '../../src/logging/integration-log.js';
import { ReceivedRequestStore } from '../../src/logging/received/received-request.store.js';
import { Database } from '../../src/storage/database.js';
import { eventually } from '../support/eventually.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';
import { createSource, signed } from '../support/inbound-sources.js';

class Acknowledgement {
  @IsString()
  type!: string;

  @IsInt()
  claim!: number;
}

class Listing {
  @IsString()
  type!: string;

  @IsString()
  claim!: string;
}

@Injectable()
class Acknowledgements {
  readonly calls: { claim: number; key: string }[] = [];
  readonly listed: string[] = [];
  readonly failing = new Set<number>();
  readonly refusing = new Set<number>();

  @InboundWebhook('insurer', 'claim.acknowledged')
  async onAcknowledged({ claim }: Acknowledgement, { idempotencyKey }: ReceivedWebhook) {
    this.calls.push({ claim, key: idempotencyKey });
    if (this.refusing.has(claim)) throw new UnprocessableEntityException(`there is no claim ${claim}`);
    if (this.failing.delete(claim)) throw new Error(`the store is away for ${claim}`);
  }

  @InboundWebhook('insurer', 'claim.listed')
  async onListed({ claim }: Listing) {
    this.listed.push(claim);
  }
}

const line = (claim: unknown) => JSON.stringify({ type: 'claim.acknowledged', claim });

describe('files of records', () => {
  let host: TestHost;
  let acknowledgements: Acknowledgements;

  beforeAll(async () => {
    host = await startTestHost({ imports: [WaybillModule.forFeature({ handlers: [Acknowledgements] })] });
    acknowledgements = host.find(Acknowledgements);
  });

  beforeEach(() => {
    acknowledgements.calls.splice(0);
    acknowledgements.refusing.clear();
  });

  afterAll(() => host.close());

  async function post(bulk: 'ndjson' | 'csv', body: string, maxBytes = 26_214_400) {
    const { path } = await createSource(host, { vendor: 'insurer', bulk, maxBytes });
    return postTo(path, body);
  }

  async function postTo(path: string, body: string) {
    const headers = { ...signed(body), 'content-type': 'application/x-ndjson' };
    const answer = await host.http.post(path).set(headers).send(body).expect(202);
    return String(answer.body.id);
  }

  it('are worked on record by record, those that fail are listed, and a retry works on these only', async () => {
    acknowledgements.failing.add(3);
    const logId = await post('ndjson', [line(1), line('two'), line(3), '{', line(5)].join('\n'));
    const log = await host.waitForLog(logId, 'FAIL');
    expect(log).toMatchObject({ errorCode: 'RECORDS_FAILED', errorMessage: '2 of 5 records failed', attemptCount: 2 });
    const failed = await host.find(WebhookFileStore).failedOf(LAB, log._id, 0, 10);
    expect(failed.map(({ line: at, errorClass, errorCode }) => [at, errorClass, errorCode])).toEqual([
      [2, 'rejected', 'WEBHOOK_INVALID'],
      [4, 'rejected', 'RECORD_UNREADABLE'],
    ]);
    const key = await host.createKey();
    const page = (query: string) =>
      host.http.get(`/v1/logs/${logId}/records${query}`).set('authorization', `Bearer ${key}`).expect(200);
    const { body: first } = await page('?limit=1');
    expect(first).toMatchObject({ line: 5, succeeded: 3, failed: 2, read: true, items: [{ line: 2 }] });
    const { body: second } = await page(`?limit=1&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ items: [{ line: 4, errorMessage: 'it is not JSON' }], nextCursor: null });
    await host.createTenant('lab-9');
    const other = await host.createKey('lab-9');
    await host.http.get(`/v1/logs/${logId}/records`).set('authorization', `Bearer ${other}`).expect(404);
    expect(acknowledgements.calls).toEqual([
      { claim: 1, key: `${logId}-1` },
      { claim: 3, key: `${logId}-3` },
      { claim: 5, key: `${logId}-5` },
      { claim: 3, key: `${logId}-3` },
    ]);
  });

  it('show nothing of a failed record that the tenant wants hidden', async () => {
    const platform = await host.createKey(null);
    const redaction = { paths: [], names: [], patterns: ['claim [0-9]+'] };
    const change = host.http.patch(`/v1/tenants/${LAB}`).set('authorization', `Bearer ${platform}`);
    await change.send({ redaction }).expect(200);
    acknowledgements.refusing.add(41);
    const { _id } = await host.waitForLog(await post('ndjson', line(41)), 'FAIL');
    const [failed] = await host.find(WebhookFileStore).failedOf(LAB, _id, 0, 10);
    expect(failed).toMatchObject({ errorCode: 'HTTP_422', errorMessage: 'there is no ***' });
  });

  it('go with the person whom they are about, and nothing more is kept of them', async () => {
    const body = [line('Zenobia'), line(1)].join('\n');
    const { path } = await createSource(host, {
      vendor: 'insurer',
      bulk: 'ndjson',
      context: { patientId: 'query:patient' },
    });
    const erased = await postTo(`${path}?patient=P-1042`, body);
    const other = await postTo(`${path}?patient=P-7`, body);
    const { _id: logId } = await host.waitForLog(erased, 'FAIL');
    const { _id: otherId } = await host.waitForLog(other, 'FAIL');
    const files = host.find(WebhookFileStore);
    const [file, failed] = [await files.find(logId), await files.failedOf(LAB, logId, 0, 10)];
    expect(failed).toHaveLength(1);
    const key = await host.createKey();
    const asked = host.http.post('/v1/erasures').set('authorization', `Bearer ${key}`);
    await asked.send({ context: { patientId: 'P-1042' }, reason: 'asked for by letter' }).expect(202);
    await host.find(ErasureRunner).run(new AbortController().signal);
    await eventually(
      () => host.findLog(logId),
      (log) => log?.erasedAt !== undefined,
    );
    // By a try that was being made.
    if (file) await files.keep({ file, failed, mended: [] });
    expect([await files.find(logId), await files.failedOf(LAB, logId, 0, 10)]).toEqual([null, []]);
    expect([await files.find(otherId), await files.failedOf(LAB, otherId, 0, 10)]).toEqual([
      expect.objectContaining({ failed: 1 }),
      [expect.objectContaining({ line: 1 })],
    ]);
  });

  describe('are kept', () => {
    const DAY_MS = 86_400_000;

    const rowsOf = async (logId: LogId) => [
      ...(await host.find(Database).collection(WEBHOOK_FILES).find({ _id: logId }).toArray()),
      ...(await host.find(Database).collection(FAILED_RECORDS).find({ logId }).toArray()),
    ];

    async function failedFile() {
      acknowledgements.refusing.add(61).add(62);
      return host.waitForLog(await post('ndjson', [line(60), line(61), line(62)].join('\n')), 'FAIL');
    }

    const daysKept = (rows: readonly { expiresAt: Date }[], from: Date) =>
      rows.map(({ expiresAt }) => Math.floor((expiresAt.getTime() - from.getTime()) / DAY_MS));

    it('for as long as the tenant wants bodies kept, also what was there before', async () => {
      const { _id } = await failedFile();
      const before = await rowsOf(_id);
      const { startedAt } = (await host.findLog(_id))?.firstAttempt ?? { startedAt: new Date() };
      expect(daysKept(before, startedAt)).toEqual([30, 30, 30]);
      await host.find(ReceivedRequestStore).follow(LAB, 90);
      expect(daysKept(await rowsOf(_id), startedAt)).toEqual([90, 90, 90]);
      // By a try that had begun before.
      const [file] = await host.find(Database).collection(WEBHOOK_FILES).find({ _id }).toArray();
      const failed = await host.find(WebhookFileStore).failedOf(LAB, _id, 0, 10);
      const [until = new Date()] = before.map(({ expiresAt }) => expiresAt);
      if (!file) throw new Error('The file is there');
      const stale = failed.map((record) => ({ ...record, expiresAt: until }));
      await host.find(WebhookFileStore).keep({ file: { ...file, expiresAt: until }, failed: stale, mended: [] });
      expect(daysKept(await rowsOf(_id), startedAt)).toEqual([90, 90, 90]);
      await host.find(ReceivedRequestStore).follow(LAB, 30);
    });

    it('from their last try on: what it was sent is shown for as long', async () => {
      const { _id, attemptCount } = await failedFile();
      const soon = { $set: { expiresAt: new Date(Date.now() + DAY_MS), keptFrom: new Date(Date.now() - 29 * DAY_MS) } };
      await host.find(Database).collection(WEBHOOK_FILES).updateMany({ _id }, soon);
      await host.find(Database).collection(FAILED_RECORDS).updateMany({ logId: _id }, soon);
      acknowledgements.refusing.delete(62);
      const key = await host.createKey();
      const retriedAt = new Date();
      const retry = host.http.post(`/v1/logs/${_id}/retry`).set('authorization', `Bearer ${key}`);
      await retry.send({ reason: 'one is there now' }).expect(202);
      await eventually(
        () => host.findLog(_id),
        (log) => log?.status === 'FAIL' && log.attemptCount > attemptCount,
      );
      expect(daysKept(await rowsOf(_id), retriedAt)).toEqual([30, 30]);
    });
  });

  it('may be large, and are done to the last record', async () => {
    const count = 20_000;
    const logId = await post('ndjson', Array.from({ length: count }, (_, index) => line(index)).join('\n'));
    await host.waitForLog(logId, 'SUCCESS', 60_000);
    expect(acknowledgements.calls).toHaveLength(count);
    expect(new Set(acknowledgements.calls.map(({ claim }) => claim)).size).toBe(count);
  });

  it('may be CSV, whose values are texts', async () => {
    const logId = await post('csv', 'type,claim\nclaim.acknowledged,7\n');
    expect(await host.waitForLog(logId, 'FAIL')).toMatchObject({ errorMessage: '1 of 1 records failed' });
  });

  it('may be CSV with faulty records anywhere: each of the others is worked on once', async () => {
    const rows = Array.from({ length: 3_000 }, (_, claim) => `claim.listed,${claim}`);
    const faulty = new Map([
      [0, 'claim.listed'],
      [700, 'claim.listed,7"0"0'],
      [1_500, 'claim.listed,1500,more'],
      [2_999, 'claim.listed,"2999'],
    ]);
    const written = rows.map((row, claim) => faulty.get(claim) ?? row);
    const logId = await post('csv', ['type,claim', ...written].join('\n'));
    const log = await host.waitForLog(logId, 'FAIL');
    expect(log).toMatchObject({ errorMessage: '4 of 3000 records failed', errorClass: 'rejected' });
    const failed = await host.find(WebhookFileStore).failedOf(LAB, log._id, 0, 10);
    expect(failed.map(({ line: at }) => at)).toEqual([...faulty.keys()].map((claim) => claim + 2));
    const others = rows.flatMap((_, claim) => (faulty.has(claim) ? [] : [String(claim)]));
    expect(acknowledgements.listed).toEqual(others);
  });

  describe('whose process died between writing which records failed and how far it had come', () => {
    const START = { line: 0, succeeded: 0, failed: 0, read: false };

    /** Leaves a file of three records, of which two fail, as such a process would; resolves once it was retried. */
    async function diedAndRetried(left: Partial<WebhookFile>, still: LogStatus, before?: (logId: LogId) => unknown) {
      acknowledgements.refusing.add(2).add(3);
      const logId = asLogId(await post('ndjson', [line(1), line(2), line(3)].join('\n')));
      const { attemptCount } = await host.waitForLog(logId, 'FAIL');
      await host.find(Database).collection(WEBHOOK_FILES).updateOne({ _id: logId }, { $set: left });
      await before?.(logId);
      const key = await host.createKey();
      const retry = host.http.post(`/v1/logs/${logId}/retry`).set('authorization', `Bearer ${key}`);
      await retry.send({ reason: 'the store is back' }).expect(202);
      await eventually(
        () => host.findLog(logId),
        (log) => log?.status === still && log.attemptCount > attemptCount,
      );
      return host.find(WebhookFileStore).find(logId);
    }

    it('FAIL where these fail again', async () => {
      expect(await diedAndRetried(START, 'FAIL')).toMatchObject({ line: 3, succeeded: 1, failed: 2, read: true });
    });

    it('count those that succeed now as such', async () => {
      const mend = () => acknowledgements.refusing.delete(2);
      expect(await diedAndRetried(START, 'FAIL', mend)).toMatchObject({ line: 3, succeeded: 2, failed: 1 });
    });

    it('SUCCEED where it had written that the last of these has succeeded', async () => {
      const mend = (logId: LogId) => host.find(Database).collection(FAILED_RECORDS).deleteMany({ logId });
      expect(await diedAndRetried({}, 'SUCCESS', mend)).toMatchObject({ line: 3, succeeded: 3, failed: 0 });
    });
  });
});
