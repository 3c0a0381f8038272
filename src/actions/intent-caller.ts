import { Inject, Injectable } from '@nestjs/common';
import { newExecutionId } from '../common/ids.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { OutboundHttpClient, type OutboundResponse } from '../security/outbound-http/outbound-http.client.js';
import { OutboundRequestError } from '../security/outbound-http/outbound-request.error.js';
import { PLATFORM } from '../security/secrets/secret.collection.js';
import { SecretVault } from '../security/secrets/secret-vault.js';
import { webhookHeaders } from '../security/signatures/standard-webhooks.js';
import type { ApiActionDocument } from './api-action.collection.js';
import { IntentRejectedError } from './intent-rejected.error.js';
import { IntentUnavailableError } from './intent-unavailable.error.js';
import { RecordGoneError } from './record-gone.error.js';
import type { RebuildRequest } from './registered-action.js';

/** An intent URL answers from the host's own store; longer than this means that it is in trouble. */
const INTENT_TIMEOUT_MS = 10_000;

/**
 * Asks a host's intent URL for the data of an event: a POST of `{ action, context }`, signed as Standard Webhooks
 * (`webhook-id`, `webhook-timestamp`, `webhook-signature`), answered with the data as JSON.
 *
 * 404 and 410 mean that the record is gone, another 4xx that it cannot be sent as it is; everything else but 2xx,
 * and no answer, is worth another try.
 */
@Injectable()
export class IntentCaller {
  constructor(
    private readonly http: OutboundHttpClient,
    private readonly vault: SecretVault,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async call(action: ApiActionDocument, { context, correlationId }: RebuildRequest): Promise<unknown> {
    const body = JSON.stringify({ action: { id: action._id, name: action.name }, context });
    const headers = await this.signedHeaders(action, body);
    const response = await this.send(action, body, { ...headers, 'x-correlation-id': correlationId });
    return this.read(action, response);
  }

  private async signedHeaders(action: ApiActionDocument, body: string): Promise<Record<string, string>> {
    const secret = await this.vault.reveal(PLATFORM, action.signingSecretId);
    const { pathname, search } = new URL(action.intentUrl);
    const message = { id: newExecutionId(), sentAt: new Date(), method: 'POST', target: `${pathname}${search}`, body };
    return { 'content-type': 'application/json', ...webhookHeaders(message, [{ scheme: 'v1', secret }]) };
  }

  private async send(
    action: ApiActionDocument,
    body: string,
    headers: Record<string, string>,
  ): Promise<OutboundResponse> {
    try {
      return await this.http.send({
        method: 'POST',
        url: action.intentUrl,
        headers,
        body,
        timeoutMs: INTENT_TIMEOUT_MS,
        maxResponseBytes: this.settings.limits.outgoingBytes,
      });
    } catch (error) {
      if (error instanceof OutboundRequestError && !error.retryable) throw error;
      throw new IntentUnavailableError(action.name, error);
    }
  }

  private read(action: ApiActionDocument, { status, body, truncated }: OutboundResponse): unknown {
    if (status === 404 || status === 410) throw new RecordGoneError(action.name);
    if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
      throw new IntentRejectedError(`The intent URL of "${action.name}" refused the context with status ${status}`);
    }
    if (status < 200 || status >= 300)
      throw new IntentUnavailableError(action.name, `its intent URL answered ${status}`);
    if (truncated) {
      throw new IntentRejectedError(
        `The intent URL of "${action.name}" answered more than ${this.settings.limits.outgoingBytes} bytes (limits.outgoingBytes)`,
      );
    }
    return parseIntent(action.name, body);
  }
}

function parseIntent(actionName: string, body: Buffer): unknown {
  try {
    const data: unknown = JSON.parse(body.toString('utf8'));
    if (data === null) throw new RecordGoneError(actionName);
    return data;
  } catch (error) {
    if (error instanceof RecordGoneError) throw error;
    throw new IntentRejectedError(`The intent URL of "${actionName}" answered with something that is not JSON`, {
      cause: error,
    });
  }
}
