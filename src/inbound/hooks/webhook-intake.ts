import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { GroupCommit } from '../../common/group-commit.js';
import type { OpenedEntry } from '../../logging/log-entry.js';
import { LogFallback } from '../../logging/log-fallback.js';
import { MongoLogSink } from '../../logging/mongo-log-sink.js';
import { isRefusal } from '../../logging/refusal-guard.js';
import { WebhookNotRecordedError } from './hook.errors.js';

/** Where a webhook is: `kept`, where MongoDB is away, in what is written to it once it is back. */
export type Taken = 'new' | 'duplicate' | 'kept';

const MAX_BATCH = 200;
/** The next ones are verified and sealed while these are written. */
const MAX_IN_FLIGHT = 2;
/** At 64 KiB for each captured body and twice that for its request; from there on callers wait, and are then refused. */
const MAX_PENDING = 2_000;
const DIRECT_TIMEOUT_MS = 3_000;
const TAKEN_WITHIN_MS = 8_000;

/** Makes webhooks durable, many of them by one write. */
@Injectable()
export class WebhookIntake {
  private readonly log = new Logger(WebhookIntake.name);
  private readonly commits = new GroupCommit<OpenedEntry, Taken | WebhookNotRecordedError>({
    maxBatch: MAX_BATCH,
    maxPending: MAX_PENDING,
    maxInFlight: MAX_IN_FLIGHT,
    ownerOf: ({ log }) => log.integrationId ?? '',
    write: (entries) => this.write(entries),
  });

  constructor(
    private readonly sink: MongoLogSink,
    private readonly fallback: LogFallback,
  ) {}

  /** Resolves once it is durable. @throws WebhookNotRecordedError where nothing durable takes it. */
  async take(entry: OpenedEntry): Promise<Taken> {
    const taking = bounded(this.commits.submit(entry), TAKEN_WITHIN_MS, 'Storing a webhook');
    const taken = await taking.catch((error: unknown) => new WebhookNotRecordedError(error));
    if (taken instanceof WebhookNotRecordedError) throw taken;
    return taken;
  }

  /** One that MongoDB refuses does not take the others with it. */
  private async write(entries: readonly OpenedEntry[]): Promise<(Taken | WebhookNotRecordedError)[]> {
    if (this.fallback.isOpen()) {
      try {
        const there = await bounded(this.sink.open(entries), DIRECT_TIMEOUT_MS, `Storing ${entries.length} webhooks`);
        return entries.map((_, index) => (there.has(index) ? 'duplicate' : 'new'));
      } catch (error) {
        if (isRefusal(error)) return this.writeOneByOne(entries, error);
        this.log.warn(`${entries.length} webhooks are kept elsewhere until MongoDB is back: ${String(error)}`);
        this.fallback.setAway();
      }
    }
    const isKept = await this.fallback.keep(entries);
    return entries.map(() => (isKept ? 'kept' : new WebhookNotRecordedError()));
  }

  private async writeOneByOne(entries: readonly OpenedEntry[], refusal: unknown) {
    if (entries.length > 1) return (await Promise.all(entries.map((entry) => this.write([entry])))).flat();
    this.log.error(`MongoDB refuses a webhook: ${String(refusal)}`);
    return [new WebhookNotRecordedError(refusal)];
  }
}
