import { Inject, Injectable } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { NO_REDACTION, RedactionRules } from '../../common/redaction-rules.js';
import { Redactor } from '../../common/redaction.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { CapturedRequest } from '../../logging/integration-log.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import { captureWebhook } from '../webhook-capture.js';
import type { Webhook } from '../webhook.js';

const RULES_TIMEOUT_MS = 1_000;

/** What the log of a webhook shows of it. */
@Injectable()
export class WebhookCapture {
  constructor(
    private readonly tenants: TenantSettings,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async of({ source, request }: Pick<Webhook, 'source' | 'request'>): Promise<CapturedRequest> {
    const reading = this.tenants.redactionOf(source.tenantId);
    const rules = await bounded(reading, RULES_TIMEOUT_MS, 'Reading what to hide').catch(() => null);
    // Without the tenant's rules nobody knows what to hide: then the body is shown by its size and hash only.
    const limit = rules === null ? 0 : this.settings.limits.loggedBodyBytes;
    return captureWebhook(request, new Redactor([], new RedactionRules([rules ?? NO_REDACTION])), limit);
  }
}
