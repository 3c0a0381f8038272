import assert from 'node:assert/strict';
import type { SignableMessage, SignatureScheme } from '../security/signatures/signature-scheme.js';
import { globalTestRunner, type TestRunner } from './test-runner.js';

/** A signature that somebody else made: the one proof that receivers will read ours. */
export interface SignatureVector {
  readonly message: SignableMessage;
  readonly secret: string;
  readonly signature: string;
}

export interface SignatureSchemeExample {
  readonly scheme: SignatureScheme;
  /** A new key at each call: what signs, and what the receiver verifies by. */
  readonly newKey: () => { readonly secret: string; readonly shared: string };
  /** The parts of a message that it signs. */
  readonly covers: readonly (keyof SignableMessage)[];
  readonly vectors: readonly SignatureVector[];
}

const MESSAGE: SignableMessage = {
  id: 'msg_1',
  sentAt: new Date('2026-01-02T03:04:05Z'),
  method: 'POST',
  target: '/hooks?lab=12',
  body: Buffer.from('{"name":"Läb"}'),
};

const OTHER: SignableMessage = {
  id: 'msg_2',
  sentAt: new Date('2026-01-02T03:04:06Z'),
  method: 'PUT',
  target: '/hooks?lab=13',
  body: Buffer.from('{"name":"Lab"}'),
};

const BODIES: Readonly<Record<string, Buffer | string>> = {
  'an empty body': '',
  'a text beyond ASCII': '{"name":"Łukasz 東京 🧪"}',
  'bytes that are no UTF-8': Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x2e]),
  'a body of a megabyte': Buffer.alloc(1_048_576, 'x'),
};

/**
 * What every signature scheme must hold to: known signatures come out, a receiver can verify what was signed, and no part
 * that is said to be covered can be changed. `vectors` should hold one at least that another implementation made.
 */
export function describeSignatureScheme(
  name: string,
  example: SignatureSchemeExample,
  { describe, it }: TestRunner = globalTestRunner(),
): void {
  describe(`signature scheme ${name}`, () => {
    itSigns(example, it);
    itCovers(example, it);
    itRefuses(example, it);
  });
}

function itSigns({ scheme, newKey, vectors }: SignatureSchemeExample, it: TestRunner['it']): void {
  for (const [index, { message, secret, signature }] of vectors.entries()) {
    it(`gives the known signature ${index + 1}`, () => {
      assert.equal(scheme.sign(message, secret), signature);
    });
  }
  for (const [what, body] of Object.entries(BODIES)) {
    it(`signs ${what} so that its receiver can verify it`, () => {
      const { secret, shared } = newKey();
      const message = { ...MESSAGE, body };
      assert.equal(scheme.verify(message, shared, scheme.sign(message, secret)), true);
    });
  }
  it('signs a text as its UTF-8', () => {
    const { secret, shared } = newKey();
    const text = '{"name":"東京"}';
    const signature = scheme.sign({ ...MESSAGE, body: text }, secret);
    assert.equal(scheme.verify({ ...MESSAGE, body: Buffer.from(text) }, shared, signature), true);
  });
  it('gives a signature that fits into a header', () => {
    assert.match(scheme.sign(MESSAGE, newKey().secret), /^[\x21-\x7e]+$/);
  });
}

function itCovers({ scheme, newKey, covers }: SignatureSchemeExample, it: TestRunner['it']): void {
  for (const part of covers) {
    it(`notices another ${part}`, () => {
      const { secret, shared } = newKey();
      const changed = { ...MESSAGE, [part]: OTHER[part] };
      assert.equal(scheme.verify(changed, shared, scheme.sign(MESSAGE, secret)), false);
    });
  }
}

function itRefuses({ scheme, newKey }: SignatureSchemeExample, it: TestRunner['it']): void {
  it('makes another key each time, and refuses the signature of another', () => {
    const [mine, theirs] = [newKey(), newKey()];
    assert.notEqual(mine.secret, theirs.secret);
    assert.equal(scheme.verify(MESSAGE, theirs.shared, scheme.sign(MESSAGE, mine.secret)), false);
  });
  it('refuses a signature with any character changed, cut off or missing', () => {
    const { secret, shared } = newKey();
    const signature = scheme.sign(MESSAGE, secret);
    const middle = Math.floor(signature.length / 2);
    const changed = `${signature.slice(0, middle)}${signature[middle] === 'A' ? 'B' : 'A'}${signature.slice(middle + 1)}`;
    for (const wrong of [changed, signature.slice(0, middle), ''])
      assert.equal(scheme.verify(MESSAGE, shared, wrong), false);
  });
}
