import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Database } from '../storage/database.js';
import { insertMissing } from '../storage/mongo-errors.js';
import { LEASES, type LeaseDocument } from './lease.collection.js';

const NAME = 'insights';
/** Longer than any piece of work between two renewals takes. */
const HELD_MS = 60_000;

/** Holds it for longer, before each piece of work; `false` where it has run out and somebody else has it. */
export type KeepLease = () => Promise<boolean>;

/** One at a time sums up: two that read and write the same would overwrite the newer sum by the older. */
@Injectable()
export class InsightsLease {
  private readonly leases: Collection<LeaseDocument>;

  constructor(database: Database) {
    this.leases = database.collection(LEASES);
  }

  /** @returns `false`, with nothing done, where somebody else sums up, in this process or another */
  async during(work: (keep: KeepLease) => Promise<void>): Promise<boolean> {
    const owner = randomUUID();
    if (!(await this.hold(owner))) return false;
    try {
      await work(() => this.hold(owner));
    } finally {
      await this.leases.deleteOne({ _id: NAME, owner }).catch(() => undefined); // it runs out by itself
    }
    return true;
  }

  private async hold(owner: string): Promise<boolean> {
    const now = Date.now();
    const until = new Date(now + HELD_MS);
    const { matchedCount } = await this.leases.updateOne(
      { _id: NAME, $or: [{ owner }, { until: { $lte: new Date(now) } }] },
      { $set: { owner, until } },
    );
    if (matchedCount > 0) return true;
    const existing = await insertMissing(() => this.leases.insertOne({ _id: NAME, owner, until }));
    return existing.size === 0;
  }
}
