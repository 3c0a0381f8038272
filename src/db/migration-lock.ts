import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { isDuplicateKey } from '../storage/mongo-errors.js';

interface Lock {
  _id: 'up';
  /** Who migrates, for those who wait. */
  holder: string;
  until: Date;
}

export const LOCK_COLLECTION = 'migration_lock';

/** A holder that lives says so three times as often. */
const LEASE_MS = 60_000;
const LOOK_AGAIN_MS = 250;

const leaseEnd = () => new Date(Date.now() + LEASE_MS);

/** Lets one process at a time migrate. migrate-mongo's own lock can be taken by two at once, and stays when its holder dies. */
export class MigrationLock {
  private readonly holder = `${hostname()}, process ${process.pid}, since ${new Date().toISOString()}`;

  constructor(private readonly locks: mongo.Collection<Lock>) {}

  /** Waits for whoever holds it, and then does the work. */
  async hold<T>(work: () => Promise<T>, onWait: (holder: string) => void): Promise<T> {
    await this.take(onWait);
    const renewing = setInterval(() => {
      // What was not renewed is taken over once it has run out; migrations can be done twice.
      void this.locks
        .updateOne({ _id: 'up', holder: this.holder }, { $set: { until: leaseEnd() } })
        .catch(() => undefined);
    }, LEASE_MS / 3);
    try {
      return await work();
    } finally {
      clearInterval(renewing);
      await this.locks.deleteOne({ _id: 'up', holder: this.holder });
    }
  }

  private async take(onWait: (holder: string) => void): Promise<void> {
    for (let told = ''; ; await delay(LOOK_AGAIN_MS)) {
      if (await this.insert()) return;
      const held = await this.locks.findOne({ _id: 'up' });
      if (held && held.until.getTime() < Date.now() && (await this.takeOver(held))) return;
      if (held && held.holder !== told) onWait((told = held.holder));
    }
  }

  private async insert(): Promise<boolean> {
    try {
      await this.locks.insertOne({ _id: 'up', holder: this.holder, until: leaseEnd() });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  private async takeOver({ holder, until }: Lock): Promise<boolean> {
    const mine = { holder: this.holder, until: leaseEnd() };
    const { modifiedCount } = await this.locks.updateOne({ _id: 'up', holder, until }, { $set: mine });
    return modifiedCount === 1;
  }
}
