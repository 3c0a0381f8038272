import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { parseSecretKeys, SecretCipher, type SealedSecret } from './secret-cipher.js';
import { SecretKeysError } from './secret-keys.error.js';
import { SecretKeyUnknownError } from './secret-key-unknown.error.js';
import { SecretUnreadableError } from './secret-unreadable.error.js';

const keyOf = (id: string) => ({ id, key: randomBytes(32) });
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

function flip(base64: string, bit: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const index = bit % (bytes.length * 8);
  bytes.writeUInt8(bytes.readUInt8(index >> 3) ^ (1 << (index & 7)), index >> 3);
  return bytes.toString('base64');
}

describe('SecretCipher', () => {
  const [first, second] = [keyOf('k1'), keyOf('k2')];
  const cipher = new SecretCipher([first, second]);

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(text, text, (plain, place) =>
        expect(cipher.decrypt(cipher.encrypt(plain, place), place)).toBe(plain),
      ),
    );
  });

  it('never writes the same twice, nor the plain text', () => {
    const sealed = Array.from({ length: 100 }, () => cipher.encrypt('a long enough secret', 'place'));
    expect(new Set(sealed.map(({ iv }) => iv)).size).toBe(100);
    expect(new Set(sealed.map(({ ciphertext }) => ciphertext)).size).toBe(100);
    expect(Buffer.from(sealed[0]?.ciphertext ?? '', 'base64').toString()).not.toContain('secret');
  });

  it('notices any flipped bit', () => {
    const part = fc.constantFrom<keyof SealedSecret>('iv', 'ciphertext', 'tag');
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), part, fc.nat(), (plain, name, bit) => {
        const sealed = cipher.encrypt(plain, 'place');
        const changed = { ...sealed, [name]: flip(sealed[name], bit) };
        expect(() => cipher.decrypt(changed, 'place')).toThrow(SecretUnreadableError);
      }),
    );
  });

  it('notices a shortened tag and what is no base64', () => {
    const sealed = cipher.encrypt('secret', 'place');
    const short = Buffer.from(sealed.tag, 'base64').subarray(0, 4).toString('base64');
    for (const changed of [
      { tag: short },
      { tag: '' },
      { iv: '' },
      { iv: `${sealed.iv}!` },
      { ciphertext: `${sealed.ciphertext} ` },
    ]) {
      expect(() => cipher.decrypt({ ...sealed, ...changed }, 'place')).toThrow(SecretUnreadableError);
    }
  });

  it('reads a secret at its own place only', () => {
    fc.assert(
      fc.property(text, text, (place, other) => {
        fc.pre(place !== other);
        expect(() => cipher.decrypt(cipher.encrypt('secret', place), other)).toThrow(SecretUnreadableError);
      }),
    );
  });

  it('encrypts with the first key and still reads with the others', () => {
    const old = new SecretCipher([second]).encrypt('secret', 'place');
    expect(cipher.decrypt(old, 'place')).toBe('secret');
    expect(cipher.encrypt('secret', 'place').keyId).toBe('k1');
  });

  it('names the key that it lacks, or that does not fit', () => {
    const sealed = new SecretCipher([keyOf('k9')]).encrypt('secret', 'place');
    expect(() => cipher.decrypt(sealed, 'place')).toThrow(SecretKeyUnknownError);
    expect(() => cipher.decrypt(sealed, 'place')).toThrow('"k9"');
    expect(() => cipher.decrypt({ ...sealed, keyId: 'k1' }, 'place')).toThrow('"k1"');
  });

  it('shows no key when it is printed', () => {
    expect(JSON.stringify(cipher)).not.toContain(first.key.toString('base64').slice(0, 10));
  });
});

describe('parseSecretKeys', () => {
  const good = randomBytes(32).toString('base64');

  it('reads a ring of keys in order', () => {
    const keys = [keyOf('2026-11'), keyOf('old_1')];
    const setting = keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(', ');
    expect(parseSecretKeys(setting)).toEqual(keys);
  });

  it.each([
    ['', 'key 1 is not of the form'],
    [good, 'key 1 is not of the form'],
    [`a:${good},`, 'key 2 is not of the form'],
    [`:${good}`, 'the id of key 1'],
    [`a b:${good}`, 'the id of key 1'],
    [`a:${good.slice(4)}`, 'key 1 ("a") has 29 bytes instead of 32'],
    [`a:${good}!`, 'key 1 ("a") is not base64'],
    [`a:${good},a:${good}`, 'the id "a" occurs twice'],
  ])('says what is wrong without the key (%#)', (setting, fault) => {
    expect(() => parseSecretKeys(setting)).toThrow(SecretKeysError);
    expect(() => parseSecretKeys(setting)).toThrow(fault);
    expect(() => parseSecretKeys(setting)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(good.slice(5, 20)) }),
    );
  });
});
