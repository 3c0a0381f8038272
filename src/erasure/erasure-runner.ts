import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '../common/rounds.js';
import { ROLE, SETTINGS, type Settings } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { eventIdsOf, LogErasure } from '../logging/erasure/log-erasure.js';
import type { Erasure } from './erasure.collection.js';
import { ErasureStore } from './erasure.store.js';
import { EchoErasure } from './echo-erasure.js';
import { EventErasure } from './event-erasure.js';

/** Less than a part of a round may take: another round goes on. */
const ROUND_MS = 50_000;
/** By then whatever was in a spool or a queue while MongoDB was away has come into the log. */
const LOOK_AGAIN_MS = 86_400_000;

/** An erasure with something to look for. */
type Open = Erasure & { readonly value: string };

/** Carries erasures out, in every worker: whoever claims one has it. Each step is done again where its process died. */
@Injectable()
export class ErasureRunner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Erasure');
  private readonly rounds: Rounds;

  constructor(
    private readonly erasures: ErasureStore,
    private readonly logs: LogErasure,
    private readonly events: EventErasure,
    private readonly echoes: EchoErasure,
    @Inject(SETTINGS) settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {
    const work = (stopping: AbortSignal) => this.run(AbortSignal.any([stopping, AbortSignal.timeout(ROUND_MS)]));
    this.rounds = new Rounds(settings.reconciler.intervalMs, [{ what: 'Erasing', work }], this.log);
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  /** Everything that is due. */
  async run(stopping: AbortSignal, now = new Date()): Promise<void> {
    while (!stopping.aborted) {
      const erasure = await this.erasures.claim(now);
      if (!erasure) return;
      const { value } = erasure;
      if (value !== null) await this.carryOut({ ...erasure, value }, stopping, now);
    }
  }

  private async carryOut(erasure: Open, stopping: AbortSignal, now: Date): Promise<void> {
    const isFirst = erasure.finishedAt === null;
    await this.echoes.forgetSubject(erasure);
    if (erasure.step === 'logs') await this.eraseLogs(erasure, stopping);
    if (erasure.step === 'logs' || erasure.step === 'events') await this.eraseEvents(erasure, stopping);
    await this.eraseLogs(erasure, stopping);
    await this.erasePayloads(erasure);
    if (stopping.aborted) return this.erasures.progress(erasure, { dueAt: now });
    if (!isFirst) {
      await this.echoes.deleteGroups(await this.erasures.failureGroupIdsOf(erasure));
      return this.erasures.end(erasure);
    }
    const finishedAt = new Date();
    await this.erasures.progress(erasure, {
      step: 'late logs',
      finishedAt,
      dueAt: new Date(finishedAt.getTime() + LOOK_AGAIN_MS),
    });
    this.log.log(`Erasure ${erasure._id} of tenant ${erasure.tenantId} is done`);
  }

  private async eraseLogs(erasure: Open, stopping: AbortSignal): Promise<void> {
    const { tenantId, field, value, requestedAt: until } = erasure;
    while (!stopping.aborted) {
      const logs = await this.logs.find({ tenantId, contextKey: `${field}=${value}`, until });
      if (logs.length === 0) return;
      const { deleted, shared } = await this.logs.deletePayloads(logs);
      // Once the logs are without personal data, nothing leads to these any more.
      const failureGroupIds = await this.echoes.groupsOf(logs);
      await this.erasures.progress(erasure, { payloadIds: shared, failureGroupIds, counted: { payloads: deleted } });
      await this.echoes.deleteGroups(failureGroupIds);
      await this.echoes.forgetLogs(logs);
      const events = await this.events.scrub(eventIdsOf(logs));
      const scrubbed = await this.logs.scrub(logs);
      // Who had read the logs before has written by now, or looks again.
      await this.echoes.forgetLogs(logs);
      await this.erasures.progress(erasure, { counted: { ...scrubbed, events } });
    }
  }

  private async eraseEvents(erasure: Open, stopping: AbortSignal): Promise<void> {
    let after = erasure.eventId;
    await this.erasures.progress(erasure, { step: 'events' });
    while (!stopping.aborted) {
      const { found, last } = await this.events.look(erasure, after);
      const events = await this.events.scrub(found);
      if (last === null) return this.erasures.progress(erasure, { step: 'payloads' });
      after = last;
      await this.erasures.progress(erasure, { eventId: last, counted: { events } });
    }
  }

  private async erasePayloads(erasure: Open): Promise<void> {
    const payloadIds = await this.erasures.payloadIdsOf(erasure);
    if (payloadIds.length === 0) return;
    const payloads = await this.logs.deleteUnused(erasure.tenantId, payloadIds);
    await this.erasures.forgetPayloadIds(erasure);
    await this.erasures.progress(erasure, { counted: { payloads } });
  }
}
