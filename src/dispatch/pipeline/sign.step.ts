import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { type Signing, signsAt } from '../../integrations/signing/signing.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { webhookHeaders } from '../../security/signatures/standard-webhooks.js';
import type { ComposedRequest, Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Signs the delivery as Standard Webhooks, where the tenant wants it: by every key that signs now. */
@Injectable()
export class SignStep implements PipelineStep {
  constructor(private readonly vault: SecretVault) {}

  run(delivery: Delivery): Promise<void> | void {
    const { request, integration } = delivery;
    if (!request || !integration.signing) return;
    return this.sign(delivery, request, integration.signing);
  }

  private async sign(
    { log, integration }: Delivery,
    { url, headers, body }: ComposedRequest,
    { keys }: Signing,
  ): Promise<void> {
    const sentAt = new Date();
    const signing = await Promise.all(
      keys
        .filter((key) => signsAt(key, sentAt))
        .map(async ({ scheme, secretId }) => ({ scheme, secret: await this.reveal(integration.tenantId, secretId) })),
    );
    const target = `${url.pathname}${url.search}`;
    const message = { id: log._id, sentAt, method: integration.endpoint.method, target, body: body ?? '' };
    Object.assign(headers, webhookHeaders(message, signing));
  }

  private reveal(tenantId: Delivery['integration']['tenantId'], secretId: string): Promise<string> {
    return bounded(this.vault.reveal(tenantId, secretId), DATABASE_TIMEOUT_MS, 'Reading a signing secret');
  }
}
