import { Inject, Injectable } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { lostExecutionIdFor } from '../../common/ids.js';
import { RedactionRules } from '../../common/redaction-rules.js';
import { Redactor } from '../../common/redaction.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { executionOf } from '../../dispatch/execution.js';
import type { Verdict } from '../../dispatch/pipeline/verdict.js';
import { PROCESS_DIED } from '../../dispatch/refusals.js';
import type { TryMaker } from '../../dispatch/try-worker.js';
import { BodySchemas } from '../../integrations/schemas/body-schemas.js';
import { IntegrationLogger } from '../../logging/decorator/integration-logger.decorator.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { Execution } from '../../logging/log-entry.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import { RequestExpiredError } from '../../logging/received/request-expired.error.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { captureAnswer, captureWebhook } from '../webhook-capture.js';
import { readWebhook } from '../webhook.js';
import { HandledBy } from './handled-by.js';
import { answerOfHandling, verdictOfHandling } from './handling-verdict.js';
import { SourceGoneError } from './source-gone.error.js';

/** What may be at hand already where a webhook is worked on at once. */
export interface AtHand {
  readonly request: RawRequest;
  /** Is told what its caller is to be answered. */
  readonly heard: (answer: HandlerAnswer) => void;
}

const continues = (log: IntegrationLog) => ({ logId: log._id, tenantId: log.tenantId });

/** Makes one try of a webhook, from the request as it is stored. */
@Injectable()
export class InboundRunner implements TryMaker {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly received: ReceivedRequestStore,
    private readonly handledBy: HandledBy,
    private readonly schemas: BodySchemas,
    private readonly tenants: TenantSettings,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @IntegrationLogger({ direction: 'inbound', continues })
  async deliver(log: IntegrationLog, atHand?: AtHand): Promise<Execution> {
    const startedAt = new Date();
    const startedMs = performance.now();
    const source = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    const request = atHand?.request ?? (await this.received.find(log._id));
    const made = await this.make(log, source || null, request);
    atHand?.heard(made.answer);
    const { loggedBodyBytes } = this.settings.limits;
    const redactor = new Redactor([], new RedactionRules([await this.tenants.redactionOf(log.tenantId)]));
    const answered = made.verdict.outcome === 'success' || made.answer.status < 500;
    return executionOf({
      log,
      integration: source || null,
      verdict: shownVerdict(made.verdict, redactor),
      startedAt,
      durationMs: Math.round(performance.now() - startedMs),
      request: request && captureWebhook(request, redactor, loggedBodyBytes),
      response: answered ? captureAnswer(made.answer, redactor, loggedBodyBytes) : null,
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
    request: RawRequest | null,
  ): Promise<{ verdict: Verdict; answer: HandlerAnswer }> {
    try {
      if (!source?.enabled) throw new SourceGoneError(log.integrationId ?? '', source ? 'disabled' : 'deleted');
      if (!request) throw new RequestExpiredError(log._id);
      const webhook = readWebhook(source, request, String(log.context['webhookId']));
      if (source.schemaJson !== null)
        await this.schemas.requireValid(source.schemaJson, webhook.json, { owner: source.tenantId });
      const handling = this.handledBy.handle(webhook, log);
      const answer = await bounded(handling, source.timeoutMs, `The handler of ${source.vendor} ${webhook.type}`);
      return { verdict: { outcome: 'success' }, answer };
    } catch (error) {
      return { verdict: verdictOfHandling(error), answer: answerOfHandling(error) };
    }
  }
}

/** A host's error may hold a value of the webhook. */
const shownVerdict = (verdict: Verdict, redactor: Redactor): Verdict =>
  verdict.outcome === 'success' ? verdict : { ...verdict, errorMessage: redactor.text(verdict.errorMessage) };
