import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import { CHANGED_SPANS, type ChangedSpan } from './changed-span.collection.js';
import type { LogSpan } from './log-span.js';

const MINUTE_MS = 60_000;

/**
 * Which spans of logs have changed, for those who sum them up. A span is marked before its logs are written, at most once a
 * minute by each process: a mark costs each integration a small insert a minute, however many deliveries it has.
 */
@Injectable()
export class ChangedSpans {
  private readonly spans: Collection<ChangedSpan>;
  private minute = 0;
  private marked = new Set<string>();

  constructor(database: Database) {
    this.spans = database.collection(CHANGED_SPANS);
  }

  /** Resolves once it is durable that logs of these spans are about to change. */
  async mark(spans: readonly LogSpan[]): Promise<void> {
    const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    if (minute !== this.minute) {
      this.minute = minute;
      this.marked = new Set();
    }
    const { marked } = this;
    const marks = new Map<string, ChangedSpan>();
    for (const span of spans) {
      const _id = `${minute}|${span.from.getTime()}|${span.tenantId}|${span.integrationId ?? ''}`;
      if (!marked.has(_id)) marks.set(_id, { _id, ...span, minute: new Date(minute) });
    }
    if (marks.size === 0) return;
    await insertMissing(() => this.spans.insertMany([...marks.values()], { ordered: false }));
    for (const id of marks.keys()) marked.add(id);
  }

  /** In the order of their minutes. */
  async find(after: string, limit: number): Promise<ChangedSpan[]> {
    return this.spans
      .find({ _id: { $gt: after } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
  }

  async forget(marks: readonly ChangedSpan[]): Promise<void> {
    if (marks.length > 0) await this.spans.deleteMany({ _id: { $in: marks.map(({ _id }) => _id) } });
  }
}
