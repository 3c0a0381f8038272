import { decodeCursor, encodeCursor } from './cursor.js';
import { CursorInvalidError } from './cursor-invalid.error.js';

describe('cursors', () => {
  it('come back as they were', () => {
    const parts = ['2026-11-03T10:15:00.000Z', 'log_1'];
    expect(decodeCursor(encodeCursor(parts), [/^2026/, /^log_/])).toEqual(parts);
  });

  it('need no escaping in a URL', () => {
    expect(encodeCursor(['??>>~~', 'ÿÿÿ'])).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['text that is no base64url', '%%%'],
    ['something else than JSON', Buffer.from('hello').toString('base64url')],
    ['too few parts', encodeCursor([])],
    ['too many parts', encodeCursor(['log_1', 'log_2'])],
    ['a part of another form', encodeCursor(['int_1'])],
    ['a part that is an object', Buffer.from('[{"$gt":""}]').toString('base64url')],
  ])('are refused: %s', (_case, cursor) => {
    expect(() => decodeCursor(cursor, [/^log_/])).toThrow(CursorInvalidError);
  });
});
