import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { GroupCommit } from '../../common/group-commit.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { OpenedEntry } from '../../logging/log-entry.js';
import { LogFallback } from '../../logging/log-fallback.js';
import { MongoLogSink } from '../../logging/mongo-log-sink.js';
import { isRefusal } from '../../logging/refusal-guard.js';
import { FirstHandling } from '../../logging/received/first-handling.js';
import { WebhookNotRecordedError } from './hook.errors.js';
import { leftToWorkers } from './webhook-log.js';

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
    private readonly firstHandling: FirstHandling,
  ) {}

  /** Resolves once it is durable. @throws WebhookNotRecordedError where nothing durable takes it. */
  async take(entry: OpenedEntry): Promise<Taken> {
    const submitted = this.commits.submit(entry);
    const taking = bounded(submitted, TAKEN_WITHIN_MS, 'Storing a webhook');
    const taken = await taking.catch((error: unknown) => new WebhookNotRecordedError(error));
    if (!(taken instanceof WebhookNotRecordedError)) return taken;
    if (entry.log.madeBy) void this.leaveToWorkers(entry.log, submitted);
    throw taken;
  }

  /** It may be stored after all, when its caller was told otherwise and nobody works on it at once. */
  private async leaveToWorkers(log: IntegrationLog, submitted: Promise<Taken | Error>): Promise<void> {
    try {
      if ((await submitted) === 'new') await this.firstHandling.leaveToWorkers([log]);
    } catch (error) {
      this.log.warn(`Webhook ${log._id}, if it was stored, is taken for one that was worked on: ${String(error)}`);
    }
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
    const isKept = await this.fallback.keep(entries.map((entry) => ({ ...entry, log: leftToWorkers(entry.log) })));
    return entries.map(() => (isKept ? 'kept' : new WebhookNotRecordedError()));
  }

  private async writeOneByOne(entries: readonly OpenedEntry[], refusal: unknown) {
    if (entries.length > 1) return (await Promise.all(entries.map((entry) => this.write([entry])))).flat();
    this.log.error(`MongoDB refuses a webhook: ${String(refusal)}`);
    return [new WebhookNotRecordedError(refusal)];
  }
}
