import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import { bounded } from './bounded.js';

const PART_TIMEOUT_MS = 60_000;
/** For what has heard that the process stops. What hangs longer, in a database that is away, must not keep it from ending. */
const END_TIMEOUT_MS = 5_000;

export interface RoundPart {
  /** For messages: "Queueing what is overdue". */
  readonly what: string;
  /** The signal comes when the process stops: a long part should end then. */
  readonly work: (stopping: AbortSignal) => Promise<void>;
}

/** Work that a process repeats by a timer of its own: a schedule kept in Redis would be lost with Redis. */
export class Rounds {
  private readonly ending = new AbortController();
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly intervalMs: number,
    private readonly parts: readonly RoundPart[],
    private readonly log: Logger,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    const what = this.parts.map((part) => part.what).join(', ');
    await bounded(this.loop, END_TIMEOUT_MS, what).catch((error: unknown) =>
      this.log.warn(`The process ends without waiting any longer: ${String(error)}`),
    );
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      // Each by itself: what cannot be done, or hangs, must not keep the others from being done.
      await Promise.all(this.parts.map((part) => this.attempt(part)));
      await this.pause();
    }
  }

  private async attempt({ what, work }: RoundPart): Promise<void> {
    await bounded(work(this.ending.signal), PART_TIMEOUT_MS, what).catch((error: unknown) =>
      this.log.warn(`${what} failed, the next round tries again: ${String(error)}`),
    );
  }

  /** Between two rounds; jittered, so that the rounds of many processes spread out. */
  private async pause(): Promise<void> {
    await delay(this.intervalMs * (0.75 + Math.random() / 2), undefined, { signal: this.ending.signal }).catch(
      () => undefined,
    );
  }
}
