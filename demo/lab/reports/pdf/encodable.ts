/** Letters that have no accent to leave off. */
const PLAIN: Readonly<Record<string, string>> = { Ł: 'L', ł: 'l', ı: 'i', Đ: 'D', đ: 'd' };

/**
 * Text that a font with these code points can draw. The PDF standard fonts cover Western Europe only: letters beyond it
 * lose their accents, and what has no counterpart becomes a question mark. A clinical system would embed a font instead.
 */
export function encodable(text: string, codePoints: ReadonlySet<number>): string {
  const canDraw = (character: string) => codePoints.has(character.codePointAt(0) ?? 0);
  return Array.from(text.normalize('NFC').replaceAll(/\s/g, ' '), (character) => {
    if (canDraw(character)) return character;
    const plain = PLAIN[character] ?? character.normalize('NFD').replaceAll(/\p{M}/gu, '');
    return plain !== '' && Array.from(plain).every(canDraw) ? plain : '?';
  }).join('');
}
