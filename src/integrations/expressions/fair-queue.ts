/** Gives the place back. */
export type Leave = () => void;

interface Waiting {
  readonly owner: string;
  readonly settle: (answer: Leave | 'cleared') => void;
}

/**
 * Hands out a few places. Free places go round the owners who wait, and as long as others might need one, no owner holds
 * them all: of two places, an owner whose work hangs takes one.
 */
export class FairQueue {
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly held = new Map<string, number>();
  private waitingCount = 0;
  private heldCount = 0;

  constructor(
    private readonly places: number,
    private readonly maxWaiting: number,
  ) {}

  /** Resolves when a place is free, `full` at once where too many wait, `cleared` on `clear()`. */
  async enter(owner: string, signal?: AbortSignal): Promise<Leave | 'full' | 'cleared'> {
    if (this.waitingCount === 0 && this.mayHold(owner)) return this.hold(owner);
    if (this.waitingCount >= this.maxWaiting) return 'full';
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.remove(entry);
        reject(signal?.reason);
      };
      const settle = (answer: Leave | 'cleared') => {
        signal?.removeEventListener('abort', onAbort);
        resolve(answer);
      };
      const entry: Waiting = { owner, settle };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.waiting.set(owner, [...(this.waiting.get(owner) ?? []), entry]);
      this.waitingCount += 1;
      this.admit();
    });
  }

  clear(): void {
    const all = [...this.waiting.values()].flat();
    this.waiting.clear();
    this.waitingCount = 0;
    for (const { settle } of all) settle('cleared');
  }

  private mayHold(owner: string): boolean {
    const ownLimit = Math.max(1, this.places - 1);
    return this.heldCount < this.places && (this.held.get(owner) ?? 0) < ownLimit;
  }

  private hold(owner: string): Leave {
    this.heldCount += 1;
    this.held.set(owner, (this.held.get(owner) ?? 0) + 1);
    return () => {
      this.heldCount -= 1;
      const left = (this.held.get(owner) ?? 1) - 1;
      if (left === 0) this.held.delete(owner);
      else this.held.set(owner, left);
      this.admit();
    };
  }

  /** The map's order is the round: whoever got a place goes to its end. */
  private admit(): void {
    for (const [owner, entries] of this.waiting) {
      const [next, ...rest] = entries;
      if (next === undefined || !this.mayHold(owner)) continue;
      this.waiting.delete(owner);
      if (rest.length > 0) this.waiting.set(owner, rest);
      this.waitingCount -= 1;
      next.settle(this.hold(owner));
    }
  }

  private remove(entry: Waiting): void {
    const left = (this.waiting.get(entry.owner) ?? []).filter((other) => other !== entry);
    if (left.length > 0) this.waiting.set(entry.owner, left);
    else this.waiting.delete(entry.owner);
    this.waitingCount -= 1;
  }
}
