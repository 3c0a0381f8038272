import fc from 'fast-check';
import { Redactor } from '../../common/redaction.js';
import { vendorReason } from './vendor-reason.js';

const reason = (body: unknown, secrets: string[] = []) =>
  vendorReason(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), new Redactor(secrets));

describe('vendorReason', () => {
  it.each([
    [{ error: 'no phone' }, 'no phone'],
    [{ code: 7, error: { code: 'E7', message: 'no  phone\n given' } }, 'no phone given'],
    [{ type: 'about:blank', title: 'Unprocessable', detail: 'no phone' }, 'no phone'],
    [{ errors: [{ field: 'phone', message: 'is missing' }] }, 'is missing'],
    [
      { resourceType: 'OperationOutcome', issue: [{ severity: 'error', diagnostics: 'no such patient' }] },
      'no such patient',
    ],
    [{ Message: 'no phone' }, 'no phone'],
    [{ code: 7 }, '{"code":7}'],
    ['<html><head><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
    ['', null],
    ['   ', null],
    [{ error: '' }, '{"error":""}'],
  ])('of %j is %j', (body, expected) => {
    expect(reason(body)).toBe(expected);
  });

  it('shows no secret and nothing binary', () => {
    expect(reason({ error: 'bad key hush-hush-1' }, ['hush-hush-1'])).toBe('bad key ***');
    expect(reason({ token: 'abc', code: 1 })).toBe('{"token":"***","code":1}');
    expect(vendorReason(Buffer.from([0xff, 0xfe, 0x00]), new Redactor())).toBeNull();
  });

  it('is one bounded line, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 5_000 })), (body) => {
        const line = reason(body) ?? '';
        expect(line.length).toBeLessThanOrEqual(301);
        expect(line).not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});
