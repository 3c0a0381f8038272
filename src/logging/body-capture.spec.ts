import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { captureBody } from './body-capture.js';

describe('captureBody', () => {
  it('keeps whole characters up to the limit, and says what the body was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.integer({ min: 0, max: 40 }), (text, limit) => {
        const bytes = Buffer.from(text, 'utf8');
        const captured = captureBody(text, limit);
        expect(captured).toMatchObject({
          sizeBytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
          truncated: bytes.length > limit,
          cutBytes: bytes.length - Buffer.byteLength(captured?.text ?? ''),
        });
        expect(Buffer.byteLength(captured?.text ?? '')).toBeLessThanOrEqual(limit);
        expect(text.startsWith(captured?.text ?? '?')).toBe(true);
        expect(limit - Buffer.byteLength(captured?.text ?? '')).toBeLessThan(limit < bytes.length ? 4 : limit + 1);
      }),
    );
  });

  it('keeps type, size and hash of binary bodies', () => {
    const bytes = Buffer.from([0x25, 0x50, 0xff, 0xfe, 0x00]);
    expect(captureBody(bytes, 2, (text) => text, 'application/pdf')).toEqual({
      contentType: 'application/pdf',
      text: null,
      sizeBytes: 5,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      truncated: false,
      cutBytes: 0,
    });
  });

  it('has nothing to say of an empty body', () => {
    expect(captureBody('', 100)).toBeNull();
    expect(captureBody(null, 100)).toBeNull();
  });
});
