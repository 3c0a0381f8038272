import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { Database, type SingleUpdate } from '../../storage/database.js';
import { SecretCipher } from './secret-cipher.js';
import { SECRET_KEYS } from './secret-key.collection.js';
import { placeOf } from './secret-place.js';
import { SecretUnreadableError } from './secret-unreadable.error.js';
import { SECRETS, type StoredSecret } from './secret.collection.js';

/** Secrets that are read and written by one command each: some 100 KiB. */
const BATCH_SIZE = 200;

export interface RotationProgress {
  readonly rotated: number;
  readonly total: number;
}

export interface Rotation {
  /** The key that encrypts everything now. */
  readonly keyId: string;
  readonly rotated: number;
  /** Ids of secrets that their key cannot decrypt; they were left as they are. */
  readonly unreadable: readonly string[];
  /** How many secrets each of the other configured keys still encrypts. */
  readonly left: ReadonlyMap<string, number>;
}

/**
 * Encrypts secrets anew under the first key, while the system runs: each is readable at any moment, by whichever key it
 * is under. What was done stays done when it is broken off; the next run goes on from there.
 */
@Injectable()
export class SecretRotation {
  private readonly secrets: Model<StoredSecret>;

  constructor(
    private readonly database: Database,
    private readonly cipher: SecretCipher,
  ) {
    this.secrets = database.model(SECRETS);
  }

  async rotate(onProgress: (progress: RotationProgress) => void = () => undefined): Promise<Rotation> {
    const keyId = this.cipher.activeKeyId;
    const unreadable = new Set<string>();
    let total = await this.secrets.countDocuments({ keyId: { $ne: keyId } });
    let rotated = 0;
    let before = -1;
    // Until a round finds nothing more: a process that has another key first may have stored secrets meanwhile.
    while (rotated > before) {
      before = rotated;
      for await (const batch of this.batches(keyId)) {
        rotated += await this.rotateBatch(batch, unreadable);
        total = Math.max(total, rotated);
        onProgress({ rotated, total });
      }
    }
    return { keyId, rotated, unreadable: [...unreadable], left: await this.countLeft(keyId) };
  }

  /** Gives up what a lost key encrypted, and its id; answers with the number of secrets that are gone. */
  async discard(keyId: string): Promise<number> {
    const { deletedCount } = await this.secrets.deleteMany({ keyId });
    await this.database.model(SECRET_KEYS).deleteOne({ _id: keyId });
    return deletedCount;
  }

  async countOf(keyId: string): Promise<number> {
    return this.secrets.countDocuments({ keyId });
  }

  private async *batches(keyId: string): AsyncGenerator<StoredSecret[]> {
    let after = '';
    for (;;) {
      const filter = { _id: { $gt: after }, keyId: { $ne: keyId } };
      const batch = await this.secrets.find(filter).sort({ _id: 1 }).limit(BATCH_SIZE).lean<StoredSecret[]>();
      const last = batch.at(-1);
      if (!last) return;
      after = last._id;
      yield batch;
    }
  }

  private async rotateBatch(batch: readonly StoredSecret[], unreadable: Set<string>): Promise<number> {
    const updates = batch.flatMap((secret) => this.updateOf(secret, unreadable));
    return updates.length === 0 ? 0 : this.database.updateEach(SECRETS, updates);
  }

  private updateOf(secret: StoredSecret, unreadable: Set<string>): SingleUpdate<StoredSecret>[] {
    const { _id, tenantId, keyId, ciphertext } = secret;
    const place = placeOf(tenantId, _id);
    try {
      const sealed = this.cipher.encrypt(this.cipher.decrypt(secret, place), place);
      // Only as it was read: what changed or went since is not put back.
      return [{ q: { _id, keyId, ciphertext }, u: { $set: { ...sealed } } }];
    } catch (error) {
      if (!(error instanceof SecretUnreadableError)) throw error;
      unreadable.add(_id);
      return [];
    }
  }

  private async countLeft(activeKeyId: string): Promise<ReadonlyMap<string, number>> {
    const others = this.cipher.keyIds.filter((id) => id !== activeKeyId);
    const counts = await Promise.all(others.map((keyId) => this.countOf(keyId)));
    return new Map(others.map((keyId, index) => [keyId, counts[index] ?? 0]));
  }
}
