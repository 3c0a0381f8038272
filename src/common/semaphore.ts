/** How much more may go on because of runs that only wait. */
export interface Patience {
  /** A run that takes longer than this, in milliseconds, is waiting for somebody else: its slot is given to the next. */
  readonly afterMs: number;
  /** Slots that may be given away so at the same time. */
  readonly most: number;
}

/** Lets at most `slots` runs go on at the same time; the others wait in the order they came. */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];
  private lent = 0;

  constructor(
    private slots: number,
    private readonly patience: Patience | null = null,
  ) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.slots > 0) this.slots -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    const giveBack = this.patience ? this.lendAfter(this.patience) : () => this.free();
    try {
      return await work();
    } finally {
      giveBack();
    }
  }

  private lendAfter({ afterMs, most }: Patience): () => void {
    let isLent = false;
    const timer = setTimeout(() => {
      if (this.lent >= most) return;
      isLent = true;
      this.lent += 1;
      this.free();
    }, afterMs);
    return () => {
      clearTimeout(timer);
      if (isLent) this.lent -= 1;
      else this.free();
    };
  }

  private free(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.slots += 1;
  }
}
