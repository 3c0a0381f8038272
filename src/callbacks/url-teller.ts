import { Injectable } from '@nestjs/common';
import type { StatusUpdate } from '../actions/status-listener.js';
import { IntegrationDirectory } from '../integrations/integration-directory.js';
import { retryAfterMs } from '../retries/backoff.js';
import { OutboundHttpClient } from '../security/outbound-http/outbound-http.client.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { webhookHeaders } from '../security/signatures/standard-webhooks.js';
import { CallbackRefusedError } from './callback-refused.error.js';

const TIMEOUT_MS = 10_000;
/** Nothing of the answer's body is used. */
const MAX_RESPONSE_BYTES = 1_024;

/**
 * Tells the URL that an integration names: a POST of `{ type, timestamp, data }`, signed as Standard Webhooks. Any 2xx means
 * that it was taken.
 */
@Injectable()
export class UrlTeller {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly vault: SecretVault,
    private readonly http: OutboundHttpClient,
  ) {}

  /**
   * `nobody`: the integration is gone, or names no URL any more.
   * @throws CallbackRefusedError, or OutboundRequestError where there was no answer.
   */
  async tell(update: StatusUpdate): Promise<'told' | 'nobody'> {
    const integration = await this.directory.forDelivery(update.integration.id);
    if (!integration?.statusCallback) return 'nobody';
    const { url, secretId } = integration.statusCallback;
    const body = JSON.stringify({ type: 'integration.status', timestamp: update.at, data: update });
    const secret = await this.vault.reveal(integration.tenantId, secretId);
    const { pathname, search } = new URL(url);
    const message = { id: update.id, sentAt: new Date(), method: 'POST', target: `${pathname}${search}`, body };
    const { status, headers } = await this.http.send({
      method: 'POST',
      url,
      headers: {
        ...webhookHeaders(message, [{ scheme: 'v1', secret }]),
        'content-type': 'application/json',
        'x-correlation-id': update.correlationId,
      },
      body,
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: MAX_RESPONSE_BYTES,
    });
    if (status < 200 || status >= 300)
      throw new CallbackRefusedError(status, retryAfterMs(headers['retry-after'], new Date()) ?? 0);
    return 'told';
  }
}
