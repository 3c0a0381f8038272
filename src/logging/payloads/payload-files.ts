import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { mongo } from 'mongoose';
import { Database } from '../../storage/database.js';

export const BUCKET = 'payloads';
/** A file that no payload names may still be written, or its payload be on the way. */
const GRACE_MS = 3_600_000;
const PAGE_SIZE = 100;

/** Payloads that are too large for a document, as files of GridFS. */
@Injectable()
export class PayloadFiles {
  private opened: mongo.GridFSBucket | null = null;

  constructor(private readonly database: Database) {}

  async write(payloadId: string, bytes: Buffer): Promise<mongo.ObjectId> {
    const upload = this.bucket.openUploadStream(payloadId);
    upload.end(bytes);
    await finished(upload);
    return upload.id;
  }

  async read(id: mongo.ObjectId): Promise<Buffer | null> {
    try {
      return await buffer(this.bucket.openDownloadStream(id));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async delete(id: mongo.ObjectId): Promise<void> {
    const { db } = this.database.connection;
    await db?.collection(`${BUCKET}.files`).deleteOne({ _id: id });
    await db?.collection(`${BUCKET}.chunks`).deleteMany({ files_id: id });
  }

  /**
   * Deletes files that no payload names: it has expired, its writer died, or another writer of the same payload was first.
   * The chunks are walked and not the files: whoever dies in the middle of writing leaves chunks without one.
   */
  async deleteOrphans(
    namedBy: (payloadIds: readonly string[]) => Promise<ReadonlySet<string>>,
    stopping: AbortSignal,
    now = new Date(),
  ): Promise<void> {
    const { db } = this.database.connection;
    if (!db) return;
    const until = mongo.ObjectId.createFromTime(Math.floor((now.getTime() - GRACE_MS) / 1_000));
    for (let after = mongo.ObjectId.createFromTime(0); !stopping.aborted;) {
      const first = await db
        .collection<{ files_id: mongo.ObjectId; n: number }>(`${BUCKET}.chunks`)
        .find({ n: 0, files_id: { $gt: after, $lt: until } }, { projection: { files_id: 1 } })
        .sort({ files_id: 1 })
        .limit(PAGE_SIZE)
        .toArray();
      const ids = first.map(({ files_id: id }) => id);
      const last = ids.at(-1);
      if (!last) return;
      const files = await this.bucket.find({ _id: { $in: ids } }).toArray();
      const named = await namedBy(files.map(({ filename }) => filename));
      for (const id of ids) if (!named.has(id.toHexString())) await this.delete(id);
      after = last;
    }
  }

  private get bucket(): mongo.GridFSBucket {
    const { db } = this.database.connection;
    if (!db) throw new mongo.MongoNotConnectedError('The database is not connected');
    return (this.opened ??= new mongo.GridFSBucket(db, { bucketName: BUCKET }));
  }
}

/** The driver names no code for it. */
const isMissing = (error: unknown) =>
  error instanceof mongo.MongoRuntimeError && error.message.includes('FileNotFound');
