/** How much more may go on because of runs that only wait. */
export interface Patience {
  /** A run that takes longer than this, in milliseconds, is waiting for somebody else: its slot is given to the next. */
  readonly afterMs: number;
  /** Slots that may be given away so at the same time. */
  readonly most: number;
}

export interface SemaphoreOptions {
  readonly patience?: Patience;
  /**
   * An owner starts another run only while it has fewer than `headroom` times as many as there are free slots: alone it gets
   * headroom / (1 + headroom) of all, and however many are there, a newcomer finds one free (the dynamic thresholds of
   * Choudhury and Hahne, IEEE/ACM Transactions on Networking 6, 1998). Without it nobody is held back.
   */
  readonly headroom?: number;
}

interface Owner {
  running: number;
  readonly waiting: (() => void)[];
}

/** Lets at most `slots` runs go on at the same time; the others wait, those of one owner in the order they came. */
export class Semaphore {
  /** In the order of their turns: whoever got a slot and still waits goes to the end. */
  private readonly owners = new Map<string, Owner>();
  private readonly patience: Patience | null;
  private readonly headroom: number;
  private lent = 0;

  constructor(
    private free: number,
    { patience, headroom }: SemaphoreOptions = {},
  ) {
    this.patience = patience ?? null;
    this.headroom = headroom ?? Number.POSITIVE_INFINITY;
  }

  async run<T>(work: () => Promise<T>, ownerName = ''): Promise<T> {
    const owner = this.owners.get(ownerName) ?? { running: 0, waiting: [] };
    this.owners.set(ownerName, owner);
    if (owner.waiting.length === 0 && this.mayStart(owner)) this.start(owner);
    else await new Promise<void>((resolve) => owner.waiting.push(resolve));
    const giveBack = () => this.giveBack(ownerName, owner);
    const end = this.patience ? this.lendAfter(this.patience, giveBack) : giveBack;
    try {
      return await work();
    } finally {
      end();
    }
  }

  private lendAfter({ afterMs, most }: Patience, giveBack: () => void): () => void {
    let isLent = false;
    const timer = setTimeout(() => {
      if (this.lent >= most) return;
      isLent = true;
      this.lent += 1;
      giveBack();
    }, afterMs);
    return () => {
      clearTimeout(timer);
      if (isLent) this.lent -= 1;
      else giveBack();
    };
  }

  private mayStart({ running }: Owner): boolean {
    return this.free > 0 && (running === 0 || running < this.headroom * this.free);
  }

  private start(owner: Owner): void {
    this.free -= 1;
    owner.running += 1;
  }

  private giveBack(name: string, owner: Owner): void {
    this.free += 1;
    owner.running -= 1;
    if (owner.running === 0 && owner.waiting.length === 0) this.owners.delete(name);
    for (const [nextName, next] of this.owners) {
      if (this.free === 0) return;
      if (next.waiting.length === 0 || !this.mayStart(next)) continue;
      this.start(next);
      next.waiting.shift()?.();
      this.owners.delete(nextName);
      this.owners.set(nextName, next);
    }
  }
}
