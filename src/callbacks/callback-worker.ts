import { Inject, Injectable, Logger } from '@nestjs/common';
import type { StatusUpdate } from '../actions/status-listener.js';
import { type Receiver, receiverName, receiverOf } from '../common/callback-receiver.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { CallbackOutbox } from '../logging/callback-outbox.js';
import type { CallbackState, IntegrationLog, StatusChange } from '../logging/integration-log.js';
import { type JobContext, JobHandler } from '../queues/job-handler.decorator.js';
import type { StatusJob } from '../queues/jobs.js';
import { backoffMs } from '../retries/backoff.js';
import { CallbackQueue } from '../scheduling/callback-queue.js';
import { ClassTeller } from './class-teller.js';
import { ReceiverPlaces } from './receiver-places.js';
import { statusUpdateOf } from './status-update.js';

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
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @JobHandler('status.tell')
  async tell({ receiver: name, logId }: StatusJob, _context: JobContext): Promise<void> {
    if (!this.places.enter(name)) return;
    const receiver = receiverOf(name);
    let left = 0;
    try {
      let log = await this.outbox.claim(receiver.kind, logId);
      while (log) log = await this.tellNext(receiver, log);
    } finally {
      left = this.places.leave(name);
    }
    if (left > 0) await this.queue.addDue(receiver, await this.outbox.findDueOf(receiver, new Date(), left));
  }

  /** Answers with the log where more is to be told at once. */
  private async tellNext(receiver: Receiver, log: IntegrationLog): Promise<IntegrationLog | null> {
    const state = log.callbacks?.[receiver.kind];
    const change = state?.untold[0];
    const update = change && statusUpdateOf(log, change);
    if (!change || !update) return null;
    try {
      await this.send(receiver, update);
    } catch (error) {
      return this.failed(receiver, log, state, change, error);
    }
    return this.outbox.told(receiver.kind, log._id, change);
  }

  private async send(_receiver: Receiver, update: StatusUpdate): Promise<void> {
    await this.classes.tell(update);
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
    const waitMs = backoffMs(callback, failures + 1, Math.random());
    this.log.warn(`${what}. Try ${failures + 2} comes in ${waitMs} ms`);
    const nextAt = new Date(Date.now() + waitMs);
    await this.outbox.postpone(receiver.kind, logId, change, { nextAt, failingSince: since, error: said });
    await this.queue.addLater(receiver, logId, `${change.seq}-${failures + 1}`, waitMs);
    return null;
  }
}
