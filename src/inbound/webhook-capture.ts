import { Redactor } from '../common/redaction.js';
import { captureBody } from '../logging/body-capture.js';
import type { CapturedRequest, CapturedResponse } from '../logging/integration-log.js';
import type { RawRequest } from '../logging/received/raw-request.js';
import { withoutHookSecret } from '../http/http-message.js';
import type { HandlerAnswer } from './handlers/received-webhook.js';

/** As a log shows it: without credentials, the secret of the address among them, the body cut at the limit. */
export function captureWebhook(request: RawRequest, redactor: Redactor, limitBytes: number): CapturedRequest {
  const contentType = request.headers['content-type'] ?? null;
  return {
    method: request.method,
    url: redactor.url(withoutHookSecret(request.url)),
    headers: redactor.headers(request.headers, 'request'),
    body: captureBody(request.body, limitBytes, (text) => redactor.body(text, 'request', contentType), contentType),
    clientIp: request.clientIp,
  };
}

export function captureAnswer(
  { status, body }: HandlerAnswer,
  redactor: Redactor,
  limitBytes: number,
): CapturedResponse {
  const text = body === undefined ? null : JSON.stringify(body);
  const json = 'application/json';
  return {
    status,
    headers: {},
    body: captureBody(text, limitBytes, (shown) => redactor.body(shown, 'response', json), text === null ? null : json),
  };
}
