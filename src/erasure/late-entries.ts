import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { LogEntry } from '../logging/log-entry.js';
import { LogFallback } from '../logging/log-fallback.js';
import { ErasureStore } from './erasure.store.js';

/**
 * A spool may be found long after an erasure has ended and forgotten whom it was about. What comes out of one says by
 * itself whom it is about, and the erasure has the hash of that: it is carried out once more.
 */
@Injectable()
export class LateEntries implements OnModuleInit {
  constructor(
    private readonly fallback: LogFallback,
    private readonly erasures: ErasureStore,
  ) {}

  onModuleInit(): void {
    this.fallback.whenWritten((entries) => this.look(entries));
  }

  private async look(entries: readonly LogEntry[]): Promise<void> {
    const subjects = entries.flatMap((entry) => {
      if (entry.kind !== 'opened') return [];
      const { tenantId, context, createdAt: madeAt } = entry.log;
      return Object.entries(context).map(([field, value]) => ({ tenantId, field, value: String(value), madeAt }));
    });
    if (subjects.length > 0) await this.erasures.lookAgain(subjects);
  }
}
