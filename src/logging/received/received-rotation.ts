import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { WaybillError } from '../../common/waybill.error.js';
import { SecretCipher } from '../../security/secrets/secret-cipher.js';
import { Database } from '../../storage/database.js';
import { bytesOfPart, placeOfPart, RECEIVED_REQUESTS, type ReceivedPart } from './received-request.collection.js';

/** Read by one command each; the database sends no more than 16 MiB of them at once. */
const BATCH_SIZE = 100;
const SAY_EVERY = 1_000;

export interface ReceivedRotated {
  readonly rotated: number;
  /** Parts that no configured key reads; they were left as they are, until they expire. */
  readonly unreadable: number;
}

/**
 * Encrypts stored requests anew under the first key, while the system runs. What was done stays done when it is broken off,
 * and what expires meanwhile is gone.
 */
@Injectable()
export class ReceivedRotation {
  private readonly parts: Collection<ReceivedPart>;

  constructor(
    database: Database,
    private readonly cipher: SecretCipher,
  ) {
    this.parts = database.collection(RECEIVED_REQUESTS);
  }

  async rotate(onProgress: (rotated: number) => void = () => undefined): Promise<ReceivedRotated> {
    let rotated = 0;
    for (let before = -1; rotated > before;) {
      before = rotated;
      const others = this.parts.find({ keyId: { $ne: this.cipher.activeKeyId } }, { batchSize: BATCH_SIZE });
      for await (const part of others) {
        rotated += await this.rotatePart(part);
        if (rotated > 0 && rotated % SAY_EVERY === 0) onProgress(rotated);
      }
    }
    return { rotated, unreadable: await this.parts.countDocuments({ keyId: { $ne: this.cipher.activeKeyId } }) };
  }

  countOf(keyId: string): Promise<number> {
    return this.parts.countDocuments({ keyId });
  }

  /** Gives up what a lost key encrypted; answers with the number of parts that are gone. */
  async discard(keyId: string): Promise<number> {
    return (await this.parts.deleteMany({ keyId })).deletedCount;
  }

  private async rotatePart(part: ReceivedPart): Promise<number> {
    const place = placeOfPart(part);
    try {
      const sealed = this.cipher.seal(this.cipher.open(bytesOfPart(part), place), place);
      const { modifiedCount } = await this.parts.updateOne(
        { _id: part._id, keyId: part.keyId },
        { $set: { ...sealed } },
      );
      return modifiedCount;
    } catch (error) {
      if (!(error instanceof WaybillError)) throw error;
      return 0;
    }
  }
}
