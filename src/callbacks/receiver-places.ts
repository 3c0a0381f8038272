/** Tellings to one receiver that one process has under way: a dead receiver holds so many places of the lane, and no more. */
const MOST_PER_RECEIVER = 16;

/** Bounds what one receiver may hold of a process's lane. What finds no place stays in MongoDB. */
export class ReceiverPlaces {
  private readonly taken = new Map<string, number>();
  private readonly turnedAway = new Set<string>();

  enter(receiver: string): boolean {
    const taken = this.taken.get(receiver) ?? 0;
    if (taken >= MOST_PER_RECEIVER) {
      this.turnedAway.add(receiver);
      return false;
    }
    this.taken.set(receiver, taken + 1);
    return true;
  }

  /** Answers with how many of those that found no place shall come again now; 0 where none was turned away. */
  leave(receiver: string): number {
    const left = (this.taken.get(receiver) ?? 1) - 1;
    if (left === 0) this.taken.delete(receiver);
    else this.taken.set(receiver, left);
    // Not for each that leaves: reading what is due is worth it for half a house.
    if (left > MOST_PER_RECEIVER / 2 || !this.turnedAway.delete(receiver)) return 0;
    // More than there is room for: those that are turned away again say that there is more.
    return 2 * MOST_PER_RECEIVER;
  }
}
