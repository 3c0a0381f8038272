import { Injectable } from '@nestjs/common';
import type { SourceMode } from '../sources/inbound-source.js';
import type { Taken } from './webhook-intake.js';

/** Is told of every request that comes to an address of a source. */
export interface HookWatcher {
  /** It was verified and is durable; `durationMs` until its caller could be answered. */
  taken(taken: Taken, mode: SourceMode, durationMs: number): void;
  /** `code`: of the error that its caller was answered with. */
  refused(code: string): void;
}

/** Tells whoever watches how the requests of vendors fare. */
@Injectable()
export class HookWatch implements HookWatcher {
  private readonly watchers: HookWatcher[] = [];

  add(watcher: HookWatcher): void {
    this.watchers.push(watcher);
  }

  taken(taken: Taken, mode: SourceMode, durationMs: number): void {
    for (const watcher of this.watchers) watcher.taken(taken, mode, durationMs);
  }

  refused(code: string): void {
    for (const watcher of this.watchers) watcher.refused(code);
  }
}
