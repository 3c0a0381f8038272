import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { runInCallScope } from '../../common/call-scope.js';
import { DeliveryFollowUp } from '../../dispatch/delivery-follow-up.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { HANDLER_FAILED } from '../work/handling-verdict.js';
import { InboundRunner } from '../work/inbound-runner.js';
import { KeptAnswers } from '../work/kept-answers.js';

const LOOK_AGAIN_MS = 50;

/** What callers of `sync` sources are answered: what the handler says, or 202 where that takes longer than they may wait. */
@Injectable()
export class FirstAnswers {
  private readonly log = new Logger(FirstAnswers.name);

  constructor(
    private readonly runner: InboundRunner,
    private readonly followUp: DeliveryFollowUp,
    private readonly logs: IntegrationLogStore,
    private readonly kept: KeptAnswers,
  ) {}

  async byHandler(
    log: IntegrationLog,
    source: InboundSource,
    request: RawRequest,
    late: HandlerAnswer,
  ): Promise<HandlerAnswer> {
    const heard = new Promise<HandlerAnswer>((resolve) => {
      this.run(log, source, request, resolve).catch((error: unknown) => {
        this.log.error(`Webhook ${log._id} is left to a worker: ${String(error)}`);
        resolve(late);
      });
    });
    return within(source.answerWithinMs, heard, late);
  }

  /** What the first of equal webhooks was answered, once that is known. */
  async ofFirst(first: IntegrationLog, source: InboundSource, late: HandlerAnswer): Promise<HandlerAnswer> {
    const until = performance.now() + source.answerWithinMs;
    for (let log: IntegrationLog | null = first; log; log = await this.logs.find(source.tenantId, first._id)) {
      if (log.attemptCount > 0 || log.status !== 'QUEUED') return this.answerTo(log, late);
      if (performance.now() >= until) return late;
      await delay(LOOK_AGAIN_MS);
    }
    return late;
  }

  /** One that is still tried again has no answer yet. */
  private async answerTo({ _id, status }: IntegrationLog, late: HandlerAnswer): Promise<HandlerAnswer> {
    if (status === 'QUEUED') return late;
    return (await this.kept.find(_id)) ?? (status === 'FAIL' ? HANDLER_FAILED : late);
  }

  private async run(
    log: IntegrationLog,
    source: InboundSource,
    request: RawRequest,
    heard: (answer: HandlerAnswer) => void,
  ): Promise<void> {
    const { correlationId, tenantId, _id: logId } = log;
    await runInCallScope({ correlationId, tenantId, logId }, async () => {
      const execution = await this.runner.deliver(log, { source, request, heard });
      await this.followUp.follow(log, source, execution);
    });
  }
}

async function within<T>(ms: number, work: Promise<T>, late: T): Promise<T> {
  const timeout = new AbortController();
  try {
    return await Promise.race([work, delay(ms, late, { signal: timeout.signal })]);
  } finally {
    timeout.abort();
  }
}
