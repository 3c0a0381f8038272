import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Model } from 'mongoose';
import { Database } from '../../storage/database.js';
import { isDuplicateKey } from '../../storage/mongo-errors.js';
import { SecretCipher, type SealedSecret } from './secret-cipher.js';
import { SECRET_KEYS, type SecretKeyProof } from './secret-key.collection.js';
import { SecretKeysMismatchError } from './secret-keys-mismatch.error.js';
import { placeOf } from './secret-place.js';
import { SecretUnreadableError } from './secret-unreadable.error.js';
import { SECRETS, type StoredSecret } from './secret.collection.js';

const PROOF_TEXT = 'waybill';
/** No owner has this name, so that no secret could be put into a proof's place. */
const placeOfProof = (keyId: string) => `(key)\0${keyId}`;

/**
 * Finds at the start what would otherwise show at the first delivery, or, worse, once secrets were stored under two keys
 * of the same id: a key that is in use and not configured, and a key with other bytes than its id had.
 */
@Injectable()
export class SecretKeyCheck implements OnModuleInit {
  private readonly proofs: Model<SecretKeyProof>;
  private readonly secrets: Model<StoredSecret>;

  constructor(
    private readonly database: Database,
    private readonly cipher: SecretCipher,
  ) {
    this.proofs = database.model(SECRET_KEYS);
    this.secrets = database.model(SECRETS);
  }

  /** @throws SecretKeysMismatchError naming every fault at once. */
  async onModuleInit(): Promise<void> {
    await this.database.ensureIndexes(SECRETS);
    const { keyIds } = this.cipher;
    const wrong: string[] = [];
    for (const keyId of keyIds) if (!(await this.fits(keyId))) wrong.push(keyId);
    const missing = await this.secrets.distinct('keyId', { keyId: { $nin: keyIds } });
    const faults = [
      ...wrong.map(
        (id) => `the key "${id}" has other bytes than the key of this id that the secrets are encrypted with`,
      ),
      ...missing.map((id) => `the key "${id}" encrypts secrets that are in use, and is not configured`),
    ];
    if (faults.length > 0) throw new SecretKeysMismatchError(faults);
  }

  private async fits(keyId: string): Promise<boolean> {
    const proof = await this.proofs.findById(keyId).lean<SecretKeyProof>();
    if (proof) return this.reads({ ...proof, keyId }, placeOfProof(keyId));
    const secret = await this.secrets.findOne({ keyId }).lean<StoredSecret>();
    if (secret && !this.reads(secret, placeOf(secret.tenantId, secret._id))) return false;
    return this.prove(keyId);
  }

  private async prove(keyId: string): Promise<boolean> {
    const { iv, tag, ciphertext } = this.cipher.encrypt(PROOF_TEXT, placeOfProof(keyId), keyId);
    try {
      await this.proofs.create({ _id: keyId, iv, tag, ciphertext, createdAt: new Date() });
      return true;
    } catch (error) {
      // Another process came with this id at the same moment.
      if (isDuplicateKey(error)) return this.fits(keyId);
      throw error;
    }
  }

  private reads(sealed: SealedSecret, place: string): boolean {
    try {
      this.cipher.decrypt(sealed, place);
      return true;
    } catch (error) {
      if (error instanceof SecretUnreadableError) return false;
      throw error;
    }
  }
}
