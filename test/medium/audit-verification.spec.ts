import type { Collection } from 'mongoose';
import type { AuditAct, AuditEntry } from '../../src/audit/audit-entry.js';
import { hashOf } from '../../src/audit/audit-entry.js';
import { AUDIT_ENTRIES } from '../../src/audit/audit-entry.collection.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditVerification, type KnownEntry } from '../../src/audit/audit-verification.js';
import { asTenantId } from '../../src/common/ids.js';
import { Database } from '../../src/storage/database.js';
import { startTestHost, type TestHost } from '../support/test-host.js';

const ACT: Omit<AuditAct, 'tenantId'> = {
  who: { kind: 'key', id: '0123456789abcdef', name: 'ops' },
  from: '192.0.2.7',
  what: 'log.retry',
  subject: { type: 'log', id: 'log_1' },
};

describe('the verification of the audit log', () => {
  let host: TestHost;
  let entries: Collection<AuditEntry>;

  beforeAll(async () => {
    host = await startTestHost({ role: 'api' });
    entries = host.find(Database).collection(AUDIT_ENTRIES);
  });

  beforeEach(async () => {
    await entries.deleteMany({});
    const audit = host.find(AuditLog);
    for (const tenantId of [asTenantId('lab-1'), asTenantId('lab'), null])
      for (let number = 0; number < 5; number += 1) await audit.record({ ...ACT, tenantId });
  });

  afterAll(() => host.close());

  async function verify(expected?: ReadonlyMap<string, KnownEntry>) {
    const found = [];
    const verification = new AuditVerification(host.find(Database));
    for await (const chain of verification.chains(expected ? { expected } : {})) found.push(chain);
    return found;
  }

  const faults = async (expected?: ReadonlyMap<string, KnownEntry>) =>
    Object.fromEntries((await verify(expected)).flatMap(({ chain, fault }) => (fault ? [[chain, fault]] : [])));

  const entry = async (seq: number, chain = 'lab-1') => {
    const found = await entries.findOne({ chain, seq });
    if (!found) throw new Error(`There is no entry ${seq}`);
    return found;
  };

  const replace = (changed: AuditEntry) => entries.replaceOne({ _id: changed._id }, changed);

  it('finds nothing wrong with what was recorded, and tells the end of each chain', async () => {
    const found = await verify();
    expect(found.map(({ chain, head, fault }) => [chain, head.seq, fault])).toEqual([
      ['(platform)', 5, null],
      ['lab-1', 5, null],
      ['lab', 5, null],
    ]);
    expect(found[1]?.head.hash).toBe((await entry(5)).hash);
  });

  it.each([
    ['why', 'because'],
    ['at', new Date(0)],
    ['who', { kind: 'key', id: '0123456789abcdef', name: 'somebody else' }],
    ['details', { extra: NaN }],
    ['extra', 1],
  ])('names an entry whose %s was changed', async (field, value) => {
    await entries.updateOne({ _id: (await entry(3))._id }, { $set: { [field]: value } });
    expect(await faults()).toEqual({ 'lab-1': expect.stringContaining('entry 3 was changed') });
  });

  it('names the place of an entry that was changed together with its hash', async () => {
    const changed = { ...(await entry(3)), why: 'because' };
    await replace({ ...changed, hash: hashOf(changed) });
    expect(await faults()).toEqual({ 'lab-1': expect.stringContaining('entry 4 does not follow on entry 3') });
  });

  it.each([
    [[1], 'entry 1 was removed before entry 2'],
    [[2, 3], 'entries 2 to 3 were removed before entry 4'],
  ])('names entries that were removed: %j', async (seqs, says) => {
    await entries.deleteMany({ chain: 'lab-1', seq: { $in: seqs } });
    expect(await faults()).toEqual({ 'lab-1': says });
  });

  it('names an entry that was inserted between two, or at the end', async () => {
    await entries.insertOne({ ...(await entry(3)), _id: 'lab-1:000000000003x' });
    expect((await faults())['lab-1:000000000003x']).toContain('inserted');
    await entries.deleteOne({ _id: 'lab-1:000000000003x' });
    await entries.insertOne({ ...(await entry(5)), _id: 'lab-1:000000000006', seq: 6 });
    expect(await faults()).toEqual({ 'lab-1': expect.stringContaining('entry 6 was changed') });
  });

  it('finds an end that was cut off, and a chain that is gone, by what is known of them', async () => {
    const known = new Map(['lab', 'lab-1'].map((chain) => [chain, { seq: 5, hash: '' }]));
    for (const chain of known.keys()) known.set(chain, { seq: 5, hash: (await entry(5, chain)).hash });
    expect(await faults(known)).toEqual({});
    await entries.deleteMany({ chain: 'lab-1', seq: { $gt: 3 } });
    await entries.deleteMany({ chain: 'lab' });
    expect(await faults()).toEqual({});
    expect(await faults(known)).toEqual({
      'lab-1': 'entries 4 to 5 were removed at its end',
      lab: 'entries 1 to 5 were removed at its end',
    });
  });

  it('finds a chain that was written anew from some entry on, by what is known of it', async () => {
    const known = new Map([['lab-1', { seq: 4, hash: (await entry(4)).hash }]]);
    let previousHash = (await entry(1)).hash;
    for (const seq of [2, 3, 4, 5]) {
      const changed = { ...(await entry(seq)), why: 'rewritten', previousHash };
      previousHash = hashOf(changed);
      await replace({ ...changed, hash: previousHash });
    }
    expect(await faults()).toEqual({});
    expect(await faults(known)).toEqual({ 'lab-1': expect.stringContaining('entry 4 is not the one') });
  });
});
