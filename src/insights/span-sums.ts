import { Injectable } from '@nestjs/common';
import { FailureFold } from './failures/failure-fold.js';
import { FailureGroupStore } from './failures/failure-group.store.js';
import { RollupStore } from './rollup-store.js';
import { RollupFold } from './span-fold.js';
import { type LogRange, SpanReader } from './span-reader.js';

/** Reads the logs of a range once, and puts what they come to in the place of what was there. */
@Injectable()
export class SpanSums {
  constructor(
    private readonly reader: SpanReader,
    private readonly rollups: RollupStore,
    private readonly failures: FailureGroupStore,
  ) {}

  async sumUp(range: LogRange): Promise<void> {
    const rollups = new RollupFold(range);
    const failures = new FailureFold(range);
    for await (const log of this.reader.read(range)) {
      rollups.add(log);
      failures.add(log);
    }
    await this.rollups.replace(range, rollups.rollups());
    await this.failures.replace(range, failures.groups(), failures.slices());
  }
}
