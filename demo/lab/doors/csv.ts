/** Rows as objects by the names in the first line (RFC 4180). */
export function parseCsv(text: string): Readonly<Record<string, string>>[] {
  const [names = [], ...rows] = splitRows(text);
  return rows.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ''])));
}

/** `null` becomes an empty cell. */
export function formatCsv<N extends string>(
  rows: readonly Readonly<Record<N, string | null>>[],
  names: readonly N[],
): string {
  const cell = (value: string | null) => `"${(value ?? '').replaceAll('"', '""')}"`;
  return [names.join(','), ...rows.map((row) => names.map((name) => cell(row[name])).join(','))].join('\r\n');
}

/** A cell is quoted, with quotes in it doubled, or it runs to the next comma or line end. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function splitRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < text.length) {
    const at = CELL.lastIndex;
    const [, quoted, plain = '', end] = CELL.exec(text) ?? [];
    if (end === undefined) throw new Error(`The file cannot be read as CSV at character ${at}`);
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
