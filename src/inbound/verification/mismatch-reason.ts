/** Above it nobody is told what the body might have been: each guess costs as much as the check. */
const MAX_GUESSED_BYTES = 16_384;

/**
 * Says that a signature does not match, and what else was signed where that can be found out: most callers sign a text and
 * then send it serialised anew, or with a line break more or less.
 */
export function mismatchReason(body: Buffer, signedParts: readonly string[], fits: (body: Buffer) => boolean): string {
  const received = `we received ${body.length} bytes`;
  const guess = signed(body).find(({ bytes }) => fits(bytes));
  if (guess)
    return `signature does not match: the body you signed had ${guess.bytes.length} bytes (${guess.what}), ${received}`;
  const others = signedParts.filter((part) => !part.startsWith('body'));
  const also = others.length === 0 ? '' : `; ${others.join(', ')} must be signed as sent, too`;
  return `signature does not match: ${received}${also}`;
}

interface Guess {
  readonly what: string;
  readonly bytes: Buffer;
}

function signed(body: Buffer): Guess[] {
  if (body.length > MAX_GUESSED_BYTES) return [];
  const text = body.toString();
  const guesses = [
    { what: 'without the blanks or line breaks around it', text: text.trim() },
    { what: 'with a line break at its end', text: `${text}\n` },
    { what: 'an empty one', text: '' },
    ...serialised(text),
  ];
  return guesses.map(({ what, text: guessed }) => ({ what, bytes: Buffer.from(guessed) }));
}

function serialised(text: string): { what: string; text: string }[] {
  try {
    const value: unknown = JSON.parse(text);
    return [
      { what: 'the same JSON without blanks', text: JSON.stringify(value) },
      { what: 'the same JSON, indented by two', text: JSON.stringify(value, null, 2) },
    ];
  } catch {
    return [];
  }
}
