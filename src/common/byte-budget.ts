/** A part of a budget. Giving back twice gives back once. */
export interface ByteShare {
  /** Gives back what is more than `bytes`; a share never grows. */
  shrinkTo(bytes: number): void;
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly admit: (share: ByteShare) => void;
}

/** Hands out bytes of a fixed sum, in the order they were asked for: a large wish is never overtaken by small ones for ever. */
export class ByteBudget {
  private free: number;
  private readonly waiting: Waiting[] = [];

  constructor(private readonly totalBytes: number) {
    this.free = totalBytes;
  }

  /** Resolves once the bytes are free. Who asks for more than there is at all waits until everything is free. */
  reserve(bytes: number): Promise<ByteShare> {
    return new Promise((resolve) => {
      this.waiting.push({ bytes: Math.min(bytes, this.totalBytes), admit: resolve });
      this.admitNext();
    });
  }

  private admitNext(): void {
    for (let next = this.waiting[0]; next && next.bytes <= this.free; next = this.waiting[0]) {
      this.waiting.shift();
      this.free -= next.bytes;
      next.admit(this.shareOf(next.bytes));
    }
  }

  private shareOf(bytes: number): ByteShare {
    let held = bytes;
    const shrinkTo = (rest: number) => {
      const given = Math.max(0, held - rest);
      held -= given;
      this.free += given;
      this.admitNext();
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }
}
