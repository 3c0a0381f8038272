import { Injectable } from '@nestjs/common';
import { RedactionRules } from '../../common/redaction-rules.js';
import { Redactor } from '../../common/redaction.js';
import {
  type PreviewedWebhook,
  WebhookPreviewer,
  type WebhookOutlook,
} from '../../dispatch/preview/webhook-previewer.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { readWebhook, type Webhook } from '../webhook.js';
import { HandledBy } from '../work/handled-by.js';
import { verdictOfHandling } from '../work/handling-verdict.js';
import { SourceGoneError } from '../work/source-gone.error.js';

const JSON_TYPE = 'application/json';

/** Says what would be done with a webhook by its source as it is now. Nothing is done. */
@Injectable()
export class WebhookPreviews {
  constructor(
    previewer: WebhookPreviewer,
    private readonly directory: SourceDirectory,
    private readonly received: ReceivedRequestStore,
    private readonly handledBy: HandledBy,
    private readonly tenants: TenantSettings,
  ) {
    previewer.register((log) => this.preview(log));
  }

  private async preview(log: IntegrationLog): Promise<PreviewedWebhook> {
    const source = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    const sourceVersion = source ? source.version : null;
    const redactor = new Redactor([], new RedactionRules([await this.tenants.redactionOf(log.tenantId)]));
    try {
      if (!source || !source.enabled)
        throw new SourceGoneError(log.integrationId ?? '', source ? 'disabled' : 'deleted');
      const request = await this.received.get(log._id);
      const webhook = readWebhook(source, request, String(log.context['webhookId']));
      return { sourceVersion, outlook: await this.outlookOf(webhook, redactor), refusal: null };
    } catch (error) {
      const verdict = verdictOfHandling(error);
      const refusal = { ...verdict, errorMessage: redactor.text(verdict.errorMessage) };
      return { sourceVersion, outlook: null, refusal };
    }
  }

  private async outlookOf(webhook: Webhook, redactor: Redactor): Promise<WebhookOutlook> {
    const { source, type } = webhook;
    const { handling } = source;
    const shown = { handling: handling.kind, type, contexts: null };
    if (handling.kind === 'handler')
      return { ...shown, does: `Calls the host's method for webhooks of ${source.vendor} of the type ${type}` };
    if (handling.kind === 'forward')
      return { ...shown, does: `Posts the stored body, signed anew, to ${redactor.url(handling.url)}` };
    const contexts = await this.handledBy.contextsOf(webhook, handling);
    const text = redactor.body(JSON.stringify(contexts), 'request', JSON_TYPE);
    const does = `Emits action ${handling.actionId} ${contexts.length === 1 ? 'once' : `${contexts.length} times`}`;
    return { ...shown, does, contexts: JSON.parse(text) };
  }
}
