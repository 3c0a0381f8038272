import { SecretKeysError } from './secret-keys.error.js';

export interface SecretKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

const KEY_BYTES = 32;
const KEY_ID = /^[\w.-]{1,64}$/;

/**
 * Reads `id1:base64,id2:base64`. The first key encrypts, all of them decrypt.
 * @throws SecretKeysError naming every fault by the key's place and id, never by the key.
 */
export function parseSecretKeys(text: string): SecretKey[] {
  const parsed = text.split(',').map((pair, index) => parsePair(pair.trim(), index + 1));
  const faults = parsed.flatMap(({ fault }) => (fault === null ? [] : [fault]));
  const ids = parsed.map(({ id }) => id);
  const repeated = ids.filter((id, index) => ids.indexOf(id) !== index);
  faults.push(...repeated.map((id) => `the id "${id}" occurs twice`));
  if (faults.length > 0) throw new SecretKeysError(faults);
  return parsed.map(({ id, key }) => ({ id, key }));
}

function parsePair(pair: string, place: number): SecretKey & { fault: string | null } {
  const colon = pair.indexOf(':');
  const id = pair.slice(0, Math.max(colon, 0));
  const encoded = pair.slice(colon + 1);
  const key = Buffer.from(encoded, 'base64');
  return { id: KEY_ID.test(id) ? id : `#${place}`, key, fault: faultOf(colon, id, encoded, key, place) };
}

function faultOf(colon: number, id: string, encoded: string, key: Buffer, place: number): string | null {
  if (colon < 0) return `key ${place} is not of the form id:base64`;
  // What stands before the colon may be a key in the wrong place: it is not quoted.
  if (!KEY_ID.test(id)) return `the id of key ${place} is not 1 to 64 letters, digits, ".", "_" or "-"`;
  if (key.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, ''))
    return `key ${place} ("${id}") is not base64`;
  return key.length === KEY_BYTES ? null : `key ${place} ("${id}") has ${key.length} bytes instead of ${KEY_BYTES}`;
}
