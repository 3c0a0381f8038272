import { Inject, Injectable, Logger } from '@nestjs/common';
import type { StatusUpdate } from '../actions/status-listener.js';
import { type Receiver, receiverName, receiverOf } from '../common/callback-receiver.js';
import { runInCallScope } from '../common/call-scope.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { CallbackOutbox } from '../logging/callback-outbox.js';
import type { CallbackState, IntegrationLog, StatusChange } from '../logging/integration-log.js';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import type { StatusJob } from '../queues/jobs.js';
import { backoffMs } from '../retries/backoff.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { CallbackRefusedError } from './callback-refused.error.js';
import { ClassTeller } from './class-teller.js';
import { ReceiverPlaces } from './receiver-places.js';
import { statusUpdateOf } from './status-update.js';
import { UrlTeller } from './url-teller.js';

/** Of what a receiver said of itself when it failed. */
const MAX_ERROR_CHARS = 500;

/** Works the status lane: one job tells one receiver everything that is due of one log, in order. */
@Injectable()
export class CallbackWorker {
  private readonly log = new Logger('StatusCallback');
  private readonly places = new ReceiverPlaces();

  constructor(
    private readonly outbox: CallbackOutbox,
    private readonly queue: CallbackQueue,
    private readonly classes: ClassTeller,
    private readonly urls: UrlTeller,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @JobHandler('status.tell')
  async tell({ receiver: name, logId }: StatusJob, _context: JobContext): Promise<void> {
    if (!this.places.enter(name)) return;
    const receiver = receiverOf(name);
    let again = 0;
    try {
      let log = await this.outbox.claim(receiver.kind, logId);
      while (log) log = await this.tellWithin(receiver, log);
    } finally {
      again = this.places.leave(name);
    }
    if (again > 0) await this.queue.addDue(receiver, await this.outbox.findDueOf(receiver, new Date(), again));
  }

  /** What is logged and emitted while a receiver is told belongs to the log. */
  private tellWithin(receiver: Receiver, log: IntegrationLog): Promise<IntegrationLog | null> {
    const { _id: logId, correlationId, tenantId } = log;
    return runInCallScope({ correlationId, logId, tenantId }, () => this.tellNext(receiver, log));
  }

  /** Answers with the log where more is to be told at once. */
  private async tellNext(receiver: Receiver, log: IntegrationLog): Promise<IntegrationLog | null> {
    const state = log.callbacks?.[receiver.kind];
    const change = state?.untold[0];
    const update = change && statusUpdateOf(log, change);
    if (!change || !update) return null;
    let outcome: 'told' | 'nobody';
    try {
      outcome = await this.send(receiver, update);
    } catch (error) {
      return this.failed(receiver, log, state, change, error);
    }
    if (outcome === 'nobody') return this.left(receiver, log, change);
    return this.outbox.told(receiver.kind, log._id, change);
  }

  private send({ kind }: Receiver, update: StatusUpdate): Promise<'told' | 'nobody'> {
    return kind === 'class' ? this.classes.tell(update) : this.urls.tell(update);
  }

  private left(receiver: Receiver, { _id }: IntegrationLog, change: StatusChange): Promise<IntegrationLog | null> {
    this.log.warn(`Nobody was told that log ${_id} is ${change.status}: ${receiverName(receiver)} has no callback now`);
    return this.outbox.giveUp(receiver.kind, _id, change, 'the integration has no status callback any more');
  }

  private async failed(
    receiver: Receiver,
    { _id: logId }: IntegrationLog,
    { failures, failingSince }: CallbackState,
    change: StatusChange,
    error: unknown,
  ): Promise<IntegrationLog | null> {
    const { callback } = this.settings;
    const since = failingSince ?? new Date();
    const said = (error instanceof Error ? error.message : String(error)).slice(0, MAX_ERROR_CHARS);
    const what = `${receiverName(receiver)} was not told that log ${logId} is ${change.status}: ${said}`;
    if (Date.now() - since.getTime() >= callback.giveUpAfterMs) {
      this.log.error(`${what}. Given up after ${failures + 1} tries since ${since.toISOString()}`);
      return this.outbox.giveUp(receiver.kind, logId, change, said);
    }
    const askedMs = error instanceof CallbackRefusedError ? error.waitMs : 0;
    const waitMs = Math.max(askedMs, backoffMs(callback, failures + 1, Math.random()));
    this.log.warn(`${what}. Try ${failures + 2} comes in ${waitMs} ms`);
    const nextAt = new Date(Date.now() + waitMs);
    await this.outbox.postpone(receiver.kind, logId, change, { nextAt, failingSince: since, error: said });
    await this.queue.addLater(receiver, logId, `${change.seq}-${failures + 1}`, waitMs);
    return null;
  }
}
