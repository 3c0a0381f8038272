import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Collection, mongo } from 'mongoose';
import type { LogId, TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import { insertMissing } from '../../storage/mongo-errors.js';
import { PAYLOADS, type Payload } from './payload.collection.js';
import { PayloadFiles } from './payload-files.js';
import { textOf } from './payload-text.js';

/** Larger ones are files: MongoDB's documents end at 16 MiB. */
const DOCUMENT_BYTES = 8 * 1_048_576;
/** What is compressed and sent at a time. */
const GROUP_BYTES = 12 * 1_048_576;
/** A payload can be deleted between being found and being used; then it is written anew. */
const MAX_ROUNDS = 5;

/** A text to keep, on behalf of one log. */
export interface NewPayload extends Pick<Payload, '_id' | 'tenantId' | 'logId' | 'sizeBytes' | 'usedAt' | 'expiresAt'> {
  readonly gzip: () => Promise<Buffer>;
}

type Known = Pick<Payload, '_id' | 'logId' | 'shared' | 'expiresAt'>;

/** Keeps each text once for a tenant, until the last of its users is past its time. */
@Injectable()
export class PayloadStore implements OnModuleInit {
  private readonly payloads: Collection<Payload>;

  constructor(
    private readonly database: Database,
    private readonly files: PayloadFiles,
  ) {
    this.payloads = database.collection(PAYLOADS);
  }

  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(PAYLOADS);
  }

  /** Resolves once all of them are stored, each for as long as this use of it wants at the least. */
  async keep(wanted: readonly NewPayload[]): Promise<void> {
    for (let round = 1, open = wanted; open.length > 0; round += 1) {
      if (round > MAX_ROUNDS) throw new Error(`${open.length} payloads are deleted again and again while written`);
      const missing = await this.useKnown(open);
      // Of those that somebody else inserts meanwhile the next round is a user.
      open = await this.insert(missing);
    }
  }

  /** Answers with those that are not there. */
  private async useKnown(wanted: readonly NewPayload[]): Promise<NewPayload[]> {
    const found = await this.payloads
      .find({ _id: { $in: wanted.map(({ _id }) => _id) } })
      .project<Known>({ logId: 1, shared: 1, expiresAt: 1 })
      .toArray();
    const known = new Map(found.map((payload) => [payload._id, payload]));
    const missing: NewPayload[] = [];
    for (const payload of wanted) {
      const before = known.get(payload._id);
      if (!before || !(await this.use(before, payload))) missing.push(payload);
    }
    return missing;
  }

  /** One write for a second user, and then one for each day; `false` where it is gone. */
  private async use(before: Known, { _id, logId, usedAt, expiresAt }: NewPayload): Promise<boolean> {
    const becomesShared = !before.shared && before.logId !== logId;
    if (!becomesShared && before.expiresAt >= expiresAt) return true;
    const { matchedCount } = await this.payloads.updateOne(
      { _id },
      { $max: { usedAt, expiresAt }, ...(becomesShared ? { $set: { shared: true } } : {}) },
    );
    before.shared ||= becomesShared;
    return matchedCount === 1;
  }

  /** Answers with those that are there already. */
  private async insert(payloads: readonly NewPayload[]): Promise<NewPayload[]> {
    const again: NewPayload[] = [];
    let group: { readonly wanted: NewPayload; readonly document: Payload }[] = [];
    let groupBytes = 0;
    const flush = async () => {
      const documents = group.map(({ document }) => document);
      const there = await insertMissing(() => this.payloads.insertMany(documents, { ordered: false }));
      for (const index of there) {
        const { wanted, document } = group[index] ?? {};
        if (wanted) again.push(wanted);
        if (document?.fileId) await this.files.delete(document.fileId);
      }
      group = [];
      groupBytes = 0;
    };
    const begun = new Map<string, NewPayload>();
    for (const wanted of payloads) {
      if (begun.has(wanted._id)) {
        again.push(wanted);
        continue;
      }
      begun.set(wanted._id, wanted);
      const bytes = await wanted.gzip();
      if (groupBytes + bytes.length > GROUP_BYTES) await flush();
      group.push({ wanted, document: await this.documentOf(wanted, bytes) });
      groupBytes += bytes.length;
    }
    if (group.length > 0) await flush();
    return again;
  }

  private async documentOf({ gzip: _gzip, ...fields }: NewPayload, bytes: Buffer): Promise<Payload> {
    const document: Payload = { ...fields, shared: false, gzip: null, fileId: null };
    if (bytes.length > DOCUMENT_BYTES) return { ...document, fileId: await this.files.write(fields._id, bytes) };
    return { ...document, gzip: new mongo.Binary(bytes) };
  }

  /** How long the texts of payloads are; those that are gone are missing. */
  async sizesOf(ids: readonly string[]): Promise<Map<string, number>> {
    const found = await this.payloads
      .find({ _id: { $in: [...ids] } })
      .project<Pick<Payload, '_id' | 'sizeBytes'>>({ sizeBytes: 1 })
      .toArray();
    return new Map(found.map(({ _id, sizeBytes }) => [_id, sizeBytes]));
  }

  /** `null` where it is gone. */
  async read(id: string): Promise<string | null> {
    const payload = await this.payloads.findOne({ _id: id });
    const bytes = payload?.gzip?.buffer ?? (payload?.fileId ? await this.files.read(payload.fileId) : null);
    return payload && bytes ? textOf(bytes, payload.sizeBytes) : null;
  }

  /** Deletes those that no other log has; answers with those that others have too. */
  async deleteOwn(ids: readonly string[], logIds: readonly LogId[]): Promise<string[]> {
    const own = { _id: { $in: [...ids] }, logId: { $in: [...logIds] }, shared: false };
    const found = await this.payloads.find(own).project<Pick<Payload, '_id' | 'fileId'>>({ fileId: 1 }).toArray();
    for (const { _id, fileId } of found) {
      const { deletedCount } = await this.payloads.deleteOne({ _id, shared: false });
      if (deletedCount === 1 && fileId) await this.files.delete(fileId);
    }
    return [...(await this.sizesOf(ids)).keys()];
  }

  async delete(ids: readonly string[]): Promise<void> {
    const found = await this.payloads
      .find({ _id: { $in: [...ids] } })
      .project<Pick<Payload, 'fileId'>>({ fileId: 1 })
      .toArray();
    await this.payloads.deleteMany({ _id: { $in: [...ids] } });
    for (const { fileId } of found) if (fileId) await this.files.delete(fileId);
  }

  /** Of the given ones, the files that payloads name. */
  async namedFiles(ids: readonly string[]): Promise<Set<string>> {
    const found = await this.payloads
      .find({ _id: { $in: [...ids] } })
      .project<Pick<Payload, 'fileId'>>({ fileId: 1 })
      .toArray();
    return new Set(found.flatMap(({ fileId }) => (fileId ? [fileId.toHexString()] : [])));
  }

  /** A page of a tenant's payloads by their ids, with the days they were last used on. */
  async page(
    tenantId: TenantId,
    after: string,
    limit: number,
  ): Promise<Pick<Payload, '_id' | 'usedAt' | 'expiresAt'>[]> {
    return this.payloads
      .find({ _id: { $gt: after === '' ? `${tenantId}:` : after, $lt: `${tenantId};` } })
      .project<Pick<Payload, '_id' | 'usedAt' | 'expiresAt'>>({ usedAt: 1, expiresAt: 1 })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
  }

  /** Unless it has been used again since. */
  async moveExpiry({ _id, usedAt }: Pick<Payload, '_id' | 'usedAt'>, expiresAt: Date): Promise<void> {
    await this.payloads.updateOne({ _id, usedAt }, { $set: { expiresAt } });
  }
}
