/** A part of a budget that grows with what it is for. */
export interface GrowingShare {
  /** Whether the bytes could be had, and are now part of it. */
  tryGrow(bytes: number): boolean;
  /** Gives all of it back, for good. */
  release(): void;
}

interface Owner {
  heldBytes: number;
  /** In the order they were opened. */
  readonly shares: Set<GrowingShare>;
}

/**
 * Hands out bytes of a fixed sum to owners that nobody knows beforehand, such that none of them can use it up. An owner gets
 * more only while it then holds no more than is left free: alone it gets half, and with `n` others that want all they can
 * get 1 / (n + 2), so that a newcomer always finds some (dynamic thresholds, as in `semaphore.ts`). Its oldest share may grow
 * into whatever is free: else one that is larger than that would never come to its end.
 */
export class FairByteBudget {
  private readonly owners = new Map<string, Owner>();

  constructor(private freeBytes: number) {}

  /** An empty share. */
  open(ownerName: string): GrowingShare {
    const owner = this.owners.get(ownerName) ?? { heldBytes: 0, shares: new Set() };
    this.owners.set(ownerName, owner);
    let held = 0;
    const move = (bytes: number) => {
      held += bytes;
      owner.heldBytes += bytes;
      this.freeBytes -= bytes;
    };
    const share: GrowingShare = {
      tryGrow: (bytes) => {
        const may = this.mayGrow(owner, share, bytes);
        if (may) move(bytes);
        return may;
      },
      release: () => {
        move(-held);
        if (owner.shares.delete(share) && owner.shares.size === 0) this.owners.delete(ownerName);
      },
    };
    owner.shares.add(share);
    return share;
  }

  private mayGrow({ heldBytes, shares }: Owner, share: GrowingShare, bytes: number): boolean {
    if (!shares.has(share) || bytes > this.freeBytes) return false;
    const [oldest] = shares;
    return share === oldest || heldBytes + bytes <= this.freeBytes - bytes;
  }
}
