/** The known name that differs least from a misspelt one, by single-character edits (Levenshtein). */
export function closestName(name: string, known: readonly string[]): string | null {
  const ranked = known.map((candidate) => ({ candidate, edits: edits(name, candidate) }));
  return ranked.sort((a, b) => a.edits - b.edits)[0]?.candidate ?? null;
}

function edits(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, character] of from.split('').entries()) {
    const current = [row + 1];
    for (const [column, other] of to.split('').entries()) {
      const replaced = (previous[column] ?? 0) + (character === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
