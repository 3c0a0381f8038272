import { runOutsideCallScope } from './call-scope.js';

export interface GroupCommitOptions<T, R> {
  /** Writes one batch and answers with one result per item, in order. A rejection rejects every item of the batch. */
  readonly write: (items: readonly T[]) => Promise<readonly R[]>;
  /** Items in one batch at the most. */
  readonly maxBatch: number;
  /** Items waiting at the most; from there on `submit` waits for room, which is how callers are slowed down. */
  readonly maxPending: number;
  /**
   * Batches on their way at once, 1 unless told; with more, a batch may be written before one that was submitted before it,
   * and none waits for the round trip of another.
   */
  readonly maxInFlight?: number;
  /** Who an item belongs to, where a batch shall be shared evenly by those who wait for it. */
  readonly ownerOf?: (item: T) => string;
}

/** Of all items waiting, what an owner may always have, however many others have. */
const RESERVED_SHARE = 0.1;

interface Pending<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns many single writes into few batches without a timer: while a batch is in flight, what is submitted makes up the
 * next. An idle caller pays no delay, a busy one gets large batches; order is kept, of each owner's items where there are
 * owners.
 */
export class GroupCommit<T, R> {
  private readonly pending = new Map<string, Pending<T, R>[]>();
  private pendingCount = 0;
  private readonly waitingForRoom: (() => void)[] = [];
  private readonly waitingForIdle: (() => void)[] = [];
  private running = 0;
  private inFlight = 0;

  constructor(private readonly options: GroupCommitOptions<T, R>) {}

  /** Resolves with the item's result once its batch is written. */
  async submit(item: T): Promise<R> {
    const owner = this.options.ownerOf?.(item) ?? '';
    while (this.isFullFor(owner)) await new Promise<void>((resolve) => this.waitingForRoom.push(resolve));
    return new Promise<R>((resolve, reject) => {
      const waiting = this.pending.get(owner);
      if (waiting) waiting.push({ item, resolve, reject });
      else this.pending.set(owner, [{ item, resolve, reject }]);
      this.pendingCount += 1;
      this.start();
    });
  }

  /** Items that are waiting or in flight. */
  get size(): number {
    return this.pendingCount + this.inFlight;
  }

  /** Resolves when nothing is waiting or in flight. */
  async idle(): Promise<void> {
    if (this.running === 0) return;
    await new Promise<void>((resolve) => this.waitingForIdle.push(resolve));
  }

  private isFullFor(owner: string): boolean {
    const { maxPending } = this.options;
    const own = this.pending.get(owner)?.length ?? 0;
    return this.pendingCount >= maxPending && (!this.options.ownerOf || own >= maxPending * RESERVED_SHARE);
  }

  /** The map's order is the round: whoever was served and still waits goes to its end. */
  private takeBatch(): Pending<T, R>[] {
    const batch: Pending<T, R>[] = [];
    while (batch.length < this.options.maxBatch && this.pending.size > 0) {
      const share = Math.max(1, Math.floor((this.options.maxBatch - batch.length) / this.pending.size));
      for (const [owner, waiting] of [...this.pending]) {
        if (batch.length === this.options.maxBatch) break;
        batch.push(...waiting.splice(0, share));
        this.pending.delete(owner);
        if (waiting.length > 0) this.pending.set(owner, waiting);
      }
    }
    this.pendingCount -= batch.length;
    return batch;
  }

  private start(): void {
    if (this.running >= (this.options.maxInFlight ?? 1)) return;
    // Many small batches cost more than the wait for a larger one.
    if (this.running > 0 && this.pendingCount < this.inFlight) return;
    this.running += 1;
    // The rest of this turn of the event loop may submit more: let it join the batch.
    runOutsideCallScope(() => setImmediate(() => void this.drain()));
  }

  private async drain(): Promise<void> {
    while (this.pendingCount > 0) {
      const batch = this.takeBatch();
      for (const wake of this.waitingForRoom.splice(0, batch.length)) wake();
      this.inFlight += batch.length;
      await this.commit(batch);
      this.inFlight -= batch.length;
    }
    this.running -= 1;
    if (this.running === 0) for (const wake of this.waitingForIdle.splice(0)) wake();
  }

  private async commit(batch: readonly Pending<T, R>[]): Promise<void> {
    try {
      const results = await this.options.write(batch.map(({ item }) => item));
      if (results.length !== batch.length) {
        throw new Error(`A group commit of ${batch.length} items answered with ${results.length} results`);
      }
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
