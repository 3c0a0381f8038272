import { CursorInvalidError } from './cursor-invalid.error.js';

/** A place in a list as an opaque text. `parts` are what the list is sorted by, and must not be read by callers. */
export const encodeCursor = (parts: readonly string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** @throws CursorInvalidError unless it holds texts of the forms given, in order. */
export function decodeCursor(cursor: string, forms: readonly RegExp[]): string[] {
  const parts = partsOf(cursor);
  const fits = parts.length === forms.length && forms.every((form, index) => form.test(parts[index] ?? ''));
  if (!fits) throw new CursorInvalidError();
  return parts;
}

function partsOf(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts.flatMap((part: unknown) => (typeof part === 'string' ? [part] : [])) : [];
  } catch {
    return [];
  }
}
