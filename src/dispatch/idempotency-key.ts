import { RequestInvalidError } from '../http/request-invalid.error.js';

const MAX_KEY_CHARS = 255;

/**
 * The key of an event from the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header: a quoted string; a
 * bare one is taken as well) or from the body.
 * @throws RequestInvalidError when the header is empty or too long, or both are given and differ.
 */
export function idempotencyKeyOf(header: string | undefined, inBody: string | undefined): string | undefined {
  if (header === undefined) return inBody;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  const field = 'Idempotency-Key';
  if (key.length < 1 || key.length > MAX_KEY_CHARS) {
    const expected = `must have 1 to ${MAX_KEY_CHARS} characters`;
    throw new RequestInvalidError([{ field, expected, received: `${key.length} characters` }]);
  }
  if (inBody !== undefined && inBody !== key) {
    const expected = 'must be the same in the header and in the body, or stand in one of them only';
    throw new RequestInvalidError([{ field, expected, received: 'two different keys' }]);
  }
  return key;
}

/** @throws RequestInvalidError: an empty key would make all of a tenant's events one. */
export function checkIdempotencyKey(key: string | null): void {
  if (key === null || (key.length >= 1 && key.length <= MAX_KEY_CHARS)) return;
  const expected = `must have 1 to ${MAX_KEY_CHARS} characters`;
  throw new RequestInvalidError([{ field: 'idempotencyKey', expected, received: `${key.length} characters` }]);
}
