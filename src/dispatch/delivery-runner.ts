import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../actions/action-catalogue.js';
import { lostExecutionIdFor } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { Integration } from '../integrations/integration.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import { IntegrationLogger } from '../logging/decorator/integration-logger.decorator.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import type { Execution } from '../logging/log-entry.js';
import { captureRequest, captureResponse, executionOf } from './execution.js';
import { Delivery } from './pipeline/delivery.js';
import { DeliveryPipeline } from './pipeline/delivery-pipeline.js';
import { verdictOfError } from './pipeline/error-verdicts.js';
import type { FailVerdict, Verdict } from './pipeline/verdict.js';
import { integrationDeletedVerdict, integrationDisabledVerdict, PROCESS_DIED } from './refusals.js';

/** Makes one try of a log and answers with its record. Both ways of a try's end are logged by the decorator alone. */
@Injectable()
export class DeliveryRunner {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly catalogue: ActionCatalogue,
    private readonly pipeline: DeliveryPipeline,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One try, by the integration and the records as they are now. Resolves once its record is durable. */
  @IntegrationLogger({
    direction: 'outbound',
    continues: (log: IntegrationLog) => ({ logId: log._id, tenantId: log.tenantId }),
  })
  async deliver(log: IntegrationLog): Promise<Execution> {
    const startedAt = new Date();
    const startedMs = performance.now();
    const integration = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    const made = integration
      ? await this.make(log, integration)
      : { verdict: integrationDeletedVerdict(log.integrationId), delivery: null };
    const limit = this.settings.limits.loggedBodyBytes;
    return executionOf({
      log,
      integration: integration || null,
      verdict: made.verdict,
      startedAt,
      durationMs: Math.round(performance.now() - startedMs),
      request: made.delivery && captureRequest(made.delivery, limit),
      response: made.delivery && captureResponse(made.delivery, limit),
    });
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
    const delivery = new Delivery(log, integration, action);
    return { verdict: await this.pipeline.run(delivery), delivery };
  }

  private async findAction(log: IntegrationLog) {
    try {
      return await this.catalogue.get(log.actionId ?? 0);
    } catch (error) {
      return verdictOfError(error) satisfies FailVerdict;
    }
  }
}
