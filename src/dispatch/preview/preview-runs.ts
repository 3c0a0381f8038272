import { Inject, Injectable } from '@nestjs/common';
import { ActionCatalogue } from '../../actions/action-catalogue.js';
import { ByteBudget } from '../../common/byte-budget.js';
import { Redactor } from '../../common/redaction.js';
import { Semaphore } from '../../common/semaphore.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { Integration } from '../../integrations/integration.js';
import type { CapturedRequest, IntegrationLog } from '../../logging/integration-log.js';
import { EventFilter } from '../event-filter.js';
import { captureRequest } from '../execution.js';
import { Delivery } from '../pipeline/delivery.js';
import { verdictOfError } from '../pipeline/error-verdicts.js';
import type { FailVerdict } from '../pipeline/verdict.js';
import { integrationDeletedVerdict, integrationDisabledVerdict } from '../refusals.js';
import { PreviewPipeline } from './preview-pipeline.js';

/** Previews that one process makes at the same time: people look at one at a time. */
const AT_ONCE = 4;

/** What a try would come to now. */
export interface PreviewedTry {
  /** As the log would keep it; `null` where there would be no call. */
  readonly request: CapturedRequest | null;
  readonly refusal: FailVerdict | null;
}

/** Makes the request of a log as a try would now, from live records, and sends nothing. */
@Injectable()
export class PreviewRuns {
  private readonly runs = new Semaphore(AT_ONCE);
  private readonly attachmentBudget: ByteBudget;

  constructor(
    private readonly catalogue: ActionCatalogue,
    private readonly filter: EventFilter,
    private readonly pipeline: PreviewPipeline,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.attachmentBudget = new ByteBudget(settings.delivery.attachmentBudgetBytes);
  }

  run(log: IntegrationLog, integration: Integration | null): Promise<PreviewedTry> {
    return this.runs.run(() => this.make(log, integration));
  }

  private async make(log: IntegrationLog, integration: Integration | null): Promise<PreviewedTry> {
    if (!integration) return refused(integrationDeletedVerdict(log.integrationId));
    if (!integration.enabled) return refused(integrationDisabledVerdict(integration));
    const delivery = await this.begin(log, integration);
    if (!(delivery instanceof Delivery)) return refused(delivery);
    const files = integration.attachments.length;
    const share =
      files === 0 ? null : await this.attachmentBudget.reserve(files * this.settings.limits.attachmentBytes);
    delivery.attachmentShare = share;
    try {
      const refusal = await this.pipeline.run(delivery);
      const limit = Math.min(integration.loggedBodyBytes ?? Infinity, this.settings.limits.loggedBodyBytes);
      const redactor = new Redactor(delivery.secrets);
      return refusal ? refused(refusal) : { request: captureRequest(delivery, redactor, limit), refusal: null };
    } finally {
      share?.release();
    }
  }

  private async begin(log: IntegrationLog, integration: Integration): Promise<Delivery | FailVerdict> {
    try {
      const action = await this.catalogue.get(log.actionId ?? 0);
      return (await this.filter.refusalOf(log, integration, action)) ?? new Delivery(log, integration, action);
    } catch (error) {
      return verdictOfError(error);
    }
  }
}

const refused = (refusal: FailVerdict): PreviewedTry => ({ request: null, refusal });
