import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import { LEASES, type LeaseDocument } from './lease.collection.js';

const NAME = 'insights';
/** Longer than any piece of work between two renewals takes. */
const HELD_MS = 60_000;

/** One process at a time sums up: two that read and write the same would overwrite the newer sum by the older. */
@Injectable()
export class InsightsLease {
  private readonly owner = randomUUID();
  private readonly leases: Collection<LeaseDocument>;

  constructor(database: Database) {
    this.leases = database.collection(LEASES);
  }

  /** Takes it, or keeps it for longer; `false` where another process has it. */
  async hold(): Promise<boolean> {
    const now = Date.now();
    const { owner } = this;
    const until = new Date(now + HELD_MS);
    const { matchedCount } = await this.leases.updateOne(
      { _id: NAME, $or: [{ owner }, { until: { $lte: new Date(now) } }] },
      { $set: { owner, until } },
    );
    if (matchedCount > 0) return true;
    const existing = await insertMissing(() => this.leases.insertOne({ _id: NAME, owner, until }));
    return existing.size === 0;
  }

  async release(): Promise<void> {
    await this.leases.deleteOne({ _id: NAME, owner: this.owner });
  }
}
