import type { TenantId } from '../../common/ids.js';
import type { PLATFORM } from './secret.collection.js';

export type SecretOwner = TenantId | typeof PLATFORM;

/** Binds a ciphertext to its owner and id: moved to another row, it can no longer be read. */
export const placeOf = (owner: SecretOwner, id: string): string => `${owner}\0${id}`;
