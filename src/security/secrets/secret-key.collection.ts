import { defineCollection } from '../../storage/collection.js';

/**
 * A known text, encrypted by the first process that came with the key: it tells every later process whether its key of
 * this id is the same.
 */
export interface SecretKeyProof {
  /** The key's id. */
  _id: string;
  iv: string;
  tag: string;
  ciphertext: string;
  createdAt: Date;
}

export const SECRET_KEYS = defineCollection<SecretKeyProof>({
  name: 'secret_keys',
  fields: {
    _id: String,
    iv: { type: String, required: true },
    tag: { type: String, required: true },
    ciphertext: { type: String, required: true },
    createdAt: { type: Date, required: true },
  },
  indexes: [],
});
