import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { IntegrationLog } from '../integration-log.js';
import type { LogCursor } from '../integration-log.store.js';
import { encodeLogCursor } from '../log-cursor.js';
import { LogFinder } from '../log-finder.js';
import type { LogSearchPlan } from '../log-search.js';
import type { ExportWriter } from './export-format.js';

/** Logs that are in memory at once, and that one query of bounded time reads. */
const PAGE_SIZE = 500;

/** All that a search finds as text, page by page, as fast as it is taken. */
@Injectable()
export class LogExport {
  private readonly maxRows: number;

  constructor(
    private readonly logs: LogFinder,
    @Inject(SETTINGS) { limits }: Settings,
  ) {
    this.maxRows = limits.exportRows;
  }

  /** Resolves with the first page read, so that what cannot be searched is known before anything is sent. */
  async open(plan: LogSearchPlan, after: LogCursor | null, writer: ExportWriter): Promise<AsyncIterable<string>> {
    const first = await this.logs.list(plan, after, Math.min(PAGE_SIZE, this.maxRows) + 1);
    return this.chunks(plan, first, writer);
  }

  private async *chunks(plan: LogSearchPlan, first: IntegrationLog[], writer: ExportWriter): AsyncIterable<string> {
    if (writer.head !== '') yield writer.head;
    let found = first;
    for (let left = this.maxRows; ;) {
      const page = found.slice(0, Math.min(PAGE_SIZE, left));
      const last = page.at(-1);
      if (!last) return;
      yield writer.logs(page);
      left -= page.length;
      if (found.length === page.length) return;
      const place = { createdAt: last.createdAt, id: last._id };
      if (left === 0) {
        yield writer.note(cutNote(this.maxRows, place));
        return;
      }
      found = await this.logs.list(plan, place, Math.min(PAGE_SIZE, left) + 1);
    }
  }
}

const cutNote = (rows: number, place: LogCursor) =>
  `Cut after ${rows} logs; the same export with cursor=${encodeLogCursor(place)} goes on from here`;
