import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../actions/action-catalogue.js';
import { ByteBudget } from '../common/byte-budget.js';
import { lostExecutionIdFor } from '../common/ids.js';
import { Redactor } from '../common/redaction.js';
import type { Semaphore } from '../common/semaphore.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import { IntegrationLogger } from '../logging/decorator/integration-logger.decorator.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import type { Execution } from '../logging/log-entry.js';
import { callPlaces } from './call-places.js';
import { EventFilter } from './event-filter.js';
import { captureRefusal, captureRequest, captureResponse, executionOf } from './execution.js';
import { RedactionDesk } from '../security/tenants/redaction-desk.js';
import { Delivery, thisMoment } from './pipeline/delivery.js';
import { DeliveryPipeline } from './pipeline/delivery-pipeline.js';
import { verdictOfError } from './pipeline/error-verdicts.js';
import type { FailVerdict, Verdict } from './pipeline/verdict.js';
import { integrationDeletedVerdict, integrationDisabledVerdict, PROCESS_DIED } from './refusals.js';

/** Makes one try of a log and answers with its record. Both ways of a try's end are logged by the decorator alone. */
@Injectable()
export class DeliveryRunner {
  private readonly calls: Semaphore;
  /** Deliveries wait for it outside of the calls, which others can make meanwhile. */
  private readonly attachmentBudget: ByteBudget;

  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly catalogue: ActionCatalogue,
    private readonly pipeline: DeliveryPipeline,
    private readonly filter: EventFilter,
    private readonly redaction: RedactionDesk,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    const { concurrency, attachmentBudgetBytes } = settings.delivery;
    this.calls = callPlaces(concurrency);
    this.attachmentBudget = new ByteBudget(attachmentBudgetBytes);
  }

  /** One try, by the integration and the records as they are now. Resolves once its record is durable. */
  @IntegrationLogger({
    direction: 'outbound',
    continues: (log: IntegrationLog) => ({ logId: log._id, tenantId: log.tenantId }),
  })
  async deliver(log: IntegrationLog): Promise<Execution> {
    const taken = thisMoment();
    const integration = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    const made = integration
      ? await this.make(log, integration)
      : { verdict: integrationDeletedVerdict(log.integrationId), delivery: null };
    const began = made.delivery?.began ?? taken;
    const limit = this.loggedBodyBytes(integration || null);
    const redactor = made.delivery?.redactor() ?? new Redactor();
    return executionOf({
      log,
      integration: integration || null,
      verdict: shownVerdict(made.verdict, redactor),
      startedAt: began.at,
      durationMs: Math.round(performance.now() - began.ms),
      request: made.delivery && captureRequest(made.delivery, redactor, limit),
      response: made.delivery && captureResponse(made.delivery, redactor, limit),
      refreshedAfter: made.delivery && captureRefusal(made.delivery, redactor),
      lifted: made.delivery,
    });
  }

  /** An integration may keep less than this installation does, never more. */
  private loggedBodyBytes(integration: Integration | null): number {
    const { loggedBodyBytes } = this.settings.limits;
    return Math.min(integration?.loggedBodyBytes ?? loggedBodyBytes, loggedBodyBytes);
  }

  /** The record of a try whose process died in mid-call: whether the vendor took it, nobody knows. */
  @IntegrationLogger({
    direction: 'outbound',
    continues: (log: IntegrationLog) => ({ logId: log._id, tenantId: log.tenantId }),
  })
  async recordLost(log: IntegrationLog): Promise<Execution> {
    const integration = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    return executionOf({
      log,
      integration: integration || null,
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
    integration: Integration,
  ): Promise<{ verdict: Verdict; delivery: Delivery | null }> {
    if (!integration.enabled) return { verdict: integrationDisabledVerdict(integration), delivery: null };
    const action = await this.findAction(log);
    if ('outcome' in action) return { verdict: action, delivery: null };
    const refused = await this.filter.refusalOf(log, integration, action);
    if (refused) return { verdict: refused, delivery: null };
    const delivery = new Delivery(log, integration, action);
    delivery.rules = await this.redaction.rulesFor(integration.tenantId, integration.redaction);
    const make = () => {
      delivery.began = thisMoment();
      return this.pipeline.run(delivery);
    };
    const call = () => this.calls.run(make, integration._id);
    const verdict = await (integration.attachments.length === 0 ? call() : this.withBudget(delivery, call));
    return { verdict, delivery };
  }

  private async withBudget(delivery: Delivery, call: () => Promise<Verdict>): Promise<Verdict> {
    const files = delivery.integration.attachments.length;
    const share = await this.attachmentBudget.reserve(files * this.settings.limits.attachmentBytes);
    delivery.attachmentShare = share;
    try {
      return await call();
    } finally {
      share.release();
    }
  }

  private async findAction(log: IntegrationLog) {
    try {
      return await this.catalogue.get(log.actionId ?? 0);
    } catch (error) {
      return verdictOfError(error) satisfies FailVerdict;
    }
  }
}

/** A host's error, or an expression's, may hold a value of the record. */
const shownVerdict = (verdict: Verdict, redactor: Redactor): Verdict =>
  verdict.outcome === 'success' ? verdict : { ...verdict, errorMessage: redactor.text(verdict.errorMessage) };
