import { Inject, Injectable } from '@nestjs/common';
import type { TenantId } from '../common/ids.js';
import { NO_REDACTION } from '../common/redaction-rules.js';
import { Redactor } from '../common/redaction.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { withoutHookSecret } from '../http/hook-address.js';
import { captureBody } from '../logging/body-capture.js';
import type { CapturedRequest, CapturedResponse } from '../logging/integration-log.js';
import type { RawRequest } from '../logging/received/raw-request.js';
import { RedactionDesk } from '../security/tenants/redaction-desk.js';
import { contentOf } from './handlers/answer-content.js';
import type { HandlerAnswer } from './handlers/received-webhook.js';
import type { StoredVerification } from './sources/inbound-source.js';
import { credentialPlacesOf } from './verification/verification-schemes.js';

/** Whose webhooks are captured; a source that was deleted has no verification left. */
export interface CaptureOwner {
  readonly tenantId: TenantId;
  readonly verification?: StoredVerification;
}

/** What the logs of webhooks show of them: without credentials, without what the tenant wants hidden, cut at the limit. */
@Injectable()
export class WebhookCapture {
  constructor(
    private readonly redaction: RedactionDesk,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** `null` where nobody knows now what the tenant wants hidden. */
  async redactorFor({ tenantId, verification }: CaptureOwner): Promise<Redactor | null> {
    const { headers, query } = verification ? credentialPlacesOf(verification) : { headers: [], query: [] };
    const rules = await this.redaction.knownRulesFor(tenantId, { ...NO_REDACTION, names: [...headers, ...query] });
    return rules && new Redactor([], rules);
  }

  /** Without a redactor: the size and the hash of its body, and no more. */
  request(request: RawRequest, redactor: Redactor | null): CapturedRequest {
    const { method, headers, body, clientIp } = request;
    const url = withoutHookSecret(request.url);
    if (!redactor) {
      const [path = ''] = url.split('?', 1);
      return { method, url: path, headers: {}, body: measured(request), clientIp };
    }
    const contentType = typeOf(request);
    const { loggedBodyBytes } = this.settings.limits;
    return {
      method,
      url: redactor.url(url),
      headers: redactor.headers(headers, 'request'),
      body: captureBody(body, loggedBodyBytes, (text) => redactor.body(text, 'request', contentType), contentType),
      clientIp,
    };
  }

  /** The same, but for what its body says. */
  requestWithoutBody(request: RawRequest, redactor: Redactor | null): CapturedRequest {
    return { ...this.request({ ...request, body: Buffer.alloc(0) }, redactor), body: measured(request) };
  }

  answer(answer: HandlerAnswer, redactor: Redactor | null): CapturedResponse {
    const { text, contentType, fault = null } = contentOf(answer);
    const limit = redactor ? this.settings.limits.loggedBodyBytes : 0;
    const shown = (content: string) => redactor?.body(content, 'response', contentType) ?? content;
    return { status: answer.status, headers: {}, body: captureBody(text ?? fault, limit, shown, contentType) };
  }
}

const typeOf = ({ headers }: RawRequest) => headers['content-type'] ?? null;

const measured = (request: RawRequest) => captureBody(request.body, 0, undefined, typeOf(request));
