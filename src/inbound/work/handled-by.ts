import { isUtf8 } from 'node:buffer';
import { Injectable } from '@nestjs/common';
import { parseShape } from '../../common/parse-shape.js';
import { kindOf } from '../../common/primitives.js';
import { ActionDispatcher } from '../../dispatch/action-dispatcher.js';
import { verdictOfAnswer } from '../../dispatch/pipeline/classify-response.js';
import { ExpressionSandbox } from '../../integrations/expressions/expression-sandbox.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { OutboundHttpClient, type OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { webhookHeaders } from '../../security/signatures/standard-webhooks.js';
import { HandlerMissingError } from '../handlers/handler-missing.error.js';
import type { HandlerAnswer, ReceivedWebhook } from '../handlers/received-webhook.js';
import { WebhookHandlers } from '../handlers/webhook-handlers.js';
import { WebhookInvalidError } from '../handlers/webhook-invalid.error.js';
import type { Handling } from '../sources/inbound-source.js';
import { withoutCredentials } from '../verification/without-credentials.js';
import type { Webhook } from '../webhook.js';
import { AnsweredDeliveries } from './answered-deliveries.js';
import { ForwardRefusedError } from './forward-refused.error.js';

const MAX_ANSWER_BYTES = 1_048_576;

type Of<K extends Handling['kind']> = Extract<Handling, { kind: K }>;

/** Does with a webhook what its source says. */
@Injectable()
export class HandledBy {
  constructor(
    private readonly handlers: WebhookHandlers,
    private readonly sandbox: ExpressionSandbox,
    private readonly dispatcher: ActionDispatcher,
    private readonly vault: SecretVault,
    private readonly http: OutboundHttpClient,
    private readonly answered: AnsweredDeliveries,
  ) {}

  /**
   * `key`: the same each time that this webhook, or this record of one, is worked on.
   * @throws whatever the host's method throws, WebhookInvalidError, HandlerMissingError, ForwardRefusedError, ...
   */
  async handle(webhook: Webhook, log: IntegrationLog, key: string): Promise<HandlerAnswer> {
    const { handling } = webhook.source;
    await this.answered.tie(webhook, log);
    if (handling.kind === 'handler') return this.byMethod(webhook, log, key);
    if (handling.kind === 'forward') return this.forward(webhook, log, handling, key);
    return this.emit(webhook, log, handling, key);
  }

  /** The contexts that a mapping makes of a webhook: one, or several. */
  async contextsOf({ source, request, data, type, eventId }: Webhook, { mapping }: Of<'emit'>): Promise<unknown[]> {
    const { headers, url } = withoutCredentials(request, source.verification);
    const query = Object.fromEntries(new URL(url, 'http://any').searchParams);
    const input = { type, id: eventId, headers, query, body: data ?? request.body.toString('utf8') };
    const made = await this.sandbox.evaluate(mapping, input, { owner: source.tenantId });
    return made === undefined || made === null ? [] : Array.isArray(made) ? made : [made];
  }

  private async byMethod(webhook: Webhook, log: IntegrationLog, key: string): Promise<HandlerAnswer> {
    const { source, type, data, request } = webhook;
    const handler = this.handlers.find(source.vendor, type);
    if (!handler) throw new HandlerMissingError(source.vendor, type, this.handlers.closest(source.vendor, type));
    const parsed = handler.shape && parseShape(handler.shape, data);
    if (parsed && !parsed.ok) throw new WebhookInvalidError(parsed.faults);
    const body = parsed ? parsed.value : (data ?? request.body);
    const result = await handler.call(body, receivedWebhookOf(webhook, log, key));
    return result === undefined ? { status: 204, body: undefined } : { status: 200, body: result };
  }

  private async forward(
    { request, source }: Webhook,
    { correlationId, tenantId }: IntegrationLog,
    { url, secretId }: Of<'forward'>,
    key: string,
  ): Promise<HandlerAnswer> {
    const secret = await this.vault.reveal(tenantId, secretId);
    const { pathname, search } = new URL(url);
    const target = `${pathname}${search}`;
    const message = { id: key, sentAt: new Date(), method: 'POST', target, body: request.body };
    const response = await this.http.send({
      method: 'POST',
      url,
      headers: {
        ...webhookHeaders(message, [{ scheme: 'v1', secret }]),
        'content-type': request.headers['content-type'] ?? 'application/octet-stream',
        'x-correlation-id': correlationId,
      },
      body: request.body,
      timeoutMs: source.timeoutMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
    const answer = answerOfHost(response);
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw new ForwardRefusedError(verdictOfAnswer({ ...response, url }, new Date()), answer);
  }

  private async emit(webhook: Webhook, log: IntegrationLog, handling: Of<'emit'>, key: string): Promise<HandlerAnswer> {
    const contexts = await this.contextsOf(webhook, handling);
    const events: string[] = [];
    for (const [index, context] of contexts.entries()) {
      const owned = { ...requireRecord(context), tenantId: log.tenantId };
      const idempotencyKey = `webhook|${key}|${index}`;
      const { eventId } = await this.dispatcher.emitByReference(handling.actionId, owned, { idempotencyKey });
      events.push(eventId);
    }
    return { status: 200, body: { events } };
  }
}

const PASSED_ON = /^(?:application\/json|text\/plain)(?=\s*(?:;|$))/i;

/** What a vendor may be given of it: text that no browser runs, and no header but its type. */
function answerOfHost({ status, headers, body, truncated }: OutboundResponse): HandlerAnswer {
  const [type] = PASSED_ON.exec(headers['content-type'] ?? '') ?? [];
  if (type === undefined || body.length === 0 || truncated || !isUtf8(body)) return { status, body: undefined };
  return { status, headers: { 'content-type': `${type}; charset=utf-8` }, body: body.toString('utf8') };
}

function requireRecord(context: unknown): object {
  if (typeof context === 'object' && context !== null) return context;
  const fault = { field: 'context', expected: 'must be an object that the mapping makes', received: kindOf(context) };
  throw new WebhookInvalidError([fault]);
}

const receivedWebhookOf = (
  { source, request, type, eventId }: Webhook,
  log: IntegrationLog,
  idempotencyKey: string,
): ReceivedWebhook => ({
  tenantId: source.tenantId,
  vendor: source.vendor,
  type,
  eventId,
  idempotencyKey,
  logId: log._id,
  attempt: log.attemptCount + 1,
  source: { id: source._id, name: source.name },
  request: withoutCredentials(request, source.verification),
});
