import { Injectable } from '@nestjs/common';
import { lostExecutionIdFor } from '../../common/ids.js';
import { WaybillError } from '../../common/waybill.error.js';
import { executionOf } from '../../dispatch/execution.js';
import type { Verdict } from '../../dispatch/pipeline/verdict.js';
import { PROCESS_DIED } from '../../dispatch/refusals.js';
import type { TryMaker } from '../../dispatch/try-worker.js';
import { IntegrationLogger } from '../../logging/decorator/integration-logger.decorator.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { Execution } from '../../logging/log-entry.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { WebhookCapture } from '../webhook-capture.js';
import { readWebhook } from '../webhook.js';
import { answerOfHandling, shownFailure, verdictOfHandling } from './handling-verdict.js';
import { KeptAnswers } from './kept-answers.js';
import { SourceGoneError } from './source-gone.error.js';
import { WebhookWork } from './webhook-work.js';

/** What may be at hand already where a webhook is worked on at once. */
export interface AtHand {
  readonly source: InboundSource;
  readonly request: RawRequest;
  /** Is told what its caller is to be answered. */
  readonly heard: (answer: HandlerAnswer) => void;
}

/** The work on a file takes too long to be waited for. */
const isAnswered = ({ mode, bulk }: InboundSource) => mode === 'sync' && bulk === null;

const continues = (log: IntegrationLog) => ({ logId: log._id, tenantId: log.tenantId });

/** Makes one try of a webhook, from the request as it is stored. */
@Injectable()
export class InboundRunner implements TryMaker {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly received: ReceivedRequestStore,
    private readonly work: WebhookWork,
    private readonly capture: WebhookCapture,
    private readonly kept: KeptAnswers,
  ) {}

  @IntegrationLogger({ direction: 'inbound', continues })
  async deliver(log: IntegrationLog, atHand?: AtHand): Promise<Execution> {
    const source = atHand?.source ?? (log.integrationId && (await this.directory.forDelivery(log.integrationId)));
    const make = () => this.makeTry(log, source || null, atHand);
    return atHand || !source ? make() : this.work.inTurn(source, make);
  }

  private async makeTry(log: IntegrationLog, source: InboundSource | null, atHand?: AtHand): Promise<Execution> {
    const startedAt = new Date();
    const startedMs = performance.now();
    const found = atHand?.request ?? (await this.received.get(log._id).catch(asFound));
    const made = await this.make(log, source, found);
    atHand?.heard(made.answer);
    // Before the record: whoever sees that the try has ended finds its answer.
    if (source && isAnswered(source) && !(found instanceof WaybillError)) await this.kept.keep(log, found, made.answer);
    const redactor = await this.capture.redactorFor(source ?? { tenantId: log.tenantId });
    const answered = made.verdict.outcome === 'success' || made.answer.status < 500;
    return executionOf({
      log,
      integration: source,
      verdict: made.verdict.outcome === 'success' ? made.verdict : shownFailure(made.verdict, redactor),
      startedAt,
      durationMs: Math.round(performance.now() - startedMs),
      request: found instanceof WaybillError ? null : this.capture.request(found, redactor),
      response: answered ? this.capture.answer(made.answer, redactor) : null,
    });
  }

  @IntegrationLogger({ direction: 'inbound', continues })
  async recordLost(log: IntegrationLog): Promise<Execution> {
    const source = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    return executionOf({
      log,
      integration: source || null,
      verdict: PROCESS_DIED,
      startedAt: new Date(),
      durationMs: 0,
      request: null,
      response: null,
      executionId: lostExecutionIdFor(log._id, log.attemptCount + 1),
    });
  }

  private async make(
    log: IntegrationLog,
    source: InboundSource | null,
    request: RawRequest | WaybillError,
  ): Promise<{ verdict: Verdict; answer: HandlerAnswer }> {
    try {
      if (!source?.enabled) throw new SourceGoneError(log.integrationId ?? '', source ? 'disabled' : 'deleted');
      if (request instanceof WaybillError) throw request;
      const webhook = readWebhook(source, request, String(log.context['webhookId']));
      return { verdict: { outcome: 'success' }, answer: await this.work.handle(webhook, log) };
    } catch (error) {
      return { verdict: verdictOfHandling(error), answer: answerOfHandling(error) };
    }
  }
}

/** A request that is gone, or cannot be read, ends its try; a database that is away does not. */
function asFound(error: unknown): WaybillError {
  if (error instanceof WaybillError) return error;
  throw error;
}
