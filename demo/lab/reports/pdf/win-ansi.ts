/** Letters that have no accent to leave off. */
const PLAIN: Readonly<Record<string, string>> = { Ł: 'L', ł: 'l', ı: 'i', Đ: 'D', đ: 'd' };

/**
 * Text in the encoding of the PDF standard fonts, which cover Western Europe only: letters beyond it lose their accents,
 * and what has no counterpart becomes a question mark. A clinical system would embed a font instead.
 */
export function winAnsi(text: string): string {
  return text.normalize('NFC').replaceAll(/[^\x20-\x7e\xa1-\xff]/gu, encodable);
}

function encodable(character: string): string {
  const plain = PLAIN[character] ?? character.normalize('NFD').replaceAll(/\p{M}/gu, '');
  return /^[\x20-\x7e]+$/.test(plain) ? plain : '?';
}
