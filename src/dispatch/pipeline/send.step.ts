import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { requireBoundedHeaders } from '../../integrations/header-limits.js';
import { OutboundHttpClient } from '../../security/outbound-http/outbound-http.client.js';
import { IntegrationTls } from '../../integrations/tls/integration-tls.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Makes the call: guarded, bounded in time and size, redirects not followed. */
@Injectable()
export class SendStep implements PipelineStep {
  constructor(
    private readonly http: OutboundHttpClient,
    private readonly tls: IntegrationTls,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async run(delivery: Delivery): Promise<void> {
    const { request, integration } = delivery;
    if (!request) return;
    // Here, not where they are filled in: credentials and signatures count as well.
    requireBoundedHeaders(request.headers);
    const tls = this.tls.of(integration);
    delivery.response = await this.http.send({
      method: integration.endpoint.method,
      url: request.url.href,
      headers: request.headers,
      ...(request.body ? { body: request.body } : {}),
      ...(tls ? { tls } : {}),
      timeoutMs: integration.timeoutMs,
      maxResponseBytes: this.settings.limits.responseBytes,
    });
  }
}
