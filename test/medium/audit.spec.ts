import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Collection } from 'mongoose';
import type { AuditAct, AuditEntry } from '../../src/audit/audit-entry.js';
import { AUDIT_ENTRIES } from '../../src/audit/audit-entry.collection.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { Database } from '../../src/storage/database.js';
import { startServerHost } from '../support/server-host.js';
import { LAB, startTestHost, type TestHost } from '../support/test-host.js';

const ACT: AuditAct = {
  tenantId: LAB,
  who: { kind: 'key', id: '0123456789abcdef', name: 'ops' },
  from: '192.0.2.7',
  what: 'log.retry',
  subject: { type: 'log', id: 'log_1' },
  why: 'The vendor was away',
  details: { fields: ['reason'] },
};

const ZEROS = '0'.repeat(64);

/** As anybody can compute it who has the entry. */
function hashByHand({ _id, hash: _hash, ...rest }: AuditEntry): string {
  const text = canonicalize({ ...rest, at: rest.at.toISOString() });
  return createHash('sha256').update(String(text)).digest('hex');
}

describe('the audit log', () => {
  let host: TestHost;
  let audit: AuditLog;
  let entries: Collection<AuditEntry>;

  beforeEach(async () => {
    host = await startServerHost({ role: 'api' });
    audit = host.find(AuditLog);
    entries = host.find(Database).collection(AUDIT_ENTRIES);
  });

  afterEach(() => host.close());

  const kept = () => entries.find().sort({ _id: 1 }).toArray();

  it('chains its entries by hashes that anybody can compute', async () => {
    await audit.record(ACT);
    await audit.record({ ...ACT, what: 'log.resolve', details: {} });
    const [first, second] = await kept();
    assert(first && second);
    const { tenantId: _tenantId, ...told } = ACT;
    expect(first).toMatchObject({ ...told, chain: LAB, seq: 1, previousHash: ZEROS });
    expect(first.hash).toBe(hashByHand(first));
    expect(second).toMatchObject({ what: 'log.resolve', seq: 2, previousHash: first.hash });
    expect(second.hash).toBe(hashByHand(second));
  });

  it('keeps one chain without a gap where many processes append at once', async () => {
    const others = await Promise.all([1, 2].map(() => startTestHost({ role: 'api', settings: host.settings })));
    const logs = [audit, ...others.map((other) => other.find(AuditLog))];
    await Promise.all(
      logs.flatMap((log) => Array.from({ length: 20 }, (_, index) => log.record({ ...ACT, details: { index } }))),
    );
    await Promise.all(others.map((other) => other.close({ keepData: true })));
    const all = await kept();
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    all.forEach((entry, index) => expect(entry.previousHash).toBe(all[index - 1]?.hash ?? ZEROS));
    const times = all.map(({ at }) => at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('keeps the order of the chain where the clock was put back', async () => {
    const future = new Date(Date.now() + 3_600_000);
    const { _id } = await audit.record(ACT);
    await entries.updateOne({ _id }, { $set: { at: future } });
    expect((await audit.record(ACT)).at).toEqual(future);
  });

  it('takes a reason that is no proper text', async () => {
    const { why, hash } = await audit.record({ ...ACT, why: 'half a \ud83d' });
    expect(why).toBe('half a \ufffd');
    const [stored] = await kept();
    assert(stored);
    expect(hash).toBe(hashByHand(stored));
  });

  it('has a chain for each tenant and one for the platform', async () => {
    await audit.record(ACT);
    await audit.record({ ...ACT, tenantId: null });
    expect((await kept()).map(({ _id }) => _id)).toEqual(['(platform):000000000001', 'lab-1:000000000001']);
  });

  it('has the entry before the act is done, and what it made after it', async () => {
    const during = await audit.around(ACT, kept, { madeId: () => 'log_2' });
    expect(during.map(({ what }) => what)).toEqual(['log.retry']);
    expect((await kept())[1]).toMatchObject({
      what: 'log.retry.done',
      subject: { id: 'log_2' },
      details: { entry: 1 },
    });
  });

  it('tells that an act failed by its code, and nothing else of the error', async () => {
    await expect(audit.around(ACT, () => Promise.reject(new Error('Ana Souza')))).rejects.toThrow('Ana Souza');
    const [, failed] = await kept();
    expect(failed).toMatchObject({ what: 'log.retry.failed', details: { entry: 1, code: 'INTERNAL' } });
    expect(JSON.stringify(failed)).not.toContain('Ana');
  });

  it('refuses the act where the database is away', async () => {
    await host.find(Database).connection.getClient().close();
    const perform = jest.fn(() => Promise.resolve());
    await expect(audit.around(ACT, perform)).rejects.toMatchObject({ code: 'AUDIT_NOT_RECORDED' });
    expect(perform).not.toHaveBeenCalled();
  });
});
