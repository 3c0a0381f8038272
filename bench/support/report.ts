import type { PartResult, Row } from '../parts/part.js';
import { median } from './statistics.js';

const HEADINGS = ['', 'median', 'lowest', 'highest', 'to (a)', 'CPU-ms each'];

/** The rows of all parts as a table of text. `ceilingPerS` is null where part (a) was not measured. */
export function tableOf(results: readonly PartResult[], ceilingPerS: number | null): string {
  const lines = [HEADINGS, ...results.flatMap(({ rows }) => rows.map((row) => cellsOf(row, ceilingPerS)))];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const table = lines.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  return table.join('\n');
}

function cellsOf({ label, rates, unit, cpuMs }: Row, ceilingPerS: number | null): string[] {
  const show = (value: number) => (unit === 'ms' ? value.toFixed(1) : Math.round(value).toLocaleString('en'));
  const ratio = ceilingPerS === null || unit === 'ms' ? '' : (median(rates) / ceilingPerS).toFixed(2);
  return [
    label,
    `${show(median(rates))} ${unit}`,
    show(Math.min(...rates)),
    show(Math.max(...rates)),
    ratio,
    cpuMs === null ? '' : cpuMs.toFixed(2),
  ];
}
