import type { RegisteredAction } from '../../actions/registered-action.js';
import type { PlacedFile } from '../../integrations/bodies/body-format.js';
import { Redactor } from '../../common/redaction.js';
import { NO_RULES } from '../../common/redaction-rules.js';
import type { ByteShare } from '../../common/byte-budget.js';
import type { OutgoingBody } from '../../security/outbound-http/segmented-body.js';
import type { Integration } from '../../integrations/integration.js';
import type { Extracts, IntegrationLog } from '../../logging/integration-log.js';
import type { SentBody } from '../../retries/sent-body.js';
import type { OutboundResponse } from '../../security/outbound-http/outbound-http.client.js';

/** What mappings and `{{path}}` parameters read. */
export interface DeliveryInput {
  readonly data: unknown;
  readonly context: IntegrationLog['context'];
  readonly action: { readonly id: number; readonly name: string };
  readonly tenantId: string;
  readonly deliveryId: string;
  readonly occurredAt: string;
}

/** The call as it will be made. The query is kept apart until it is sent, so that credentials in it can be kept out of logs. */
export interface ComposedRequest {
  readonly url: URL;
  readonly headers: Record<string, string>;
  /** The body as its format wrote it, which is what the log shows. */
  readonly content: OutgoingBody | null;
  /** What goes over the wire: the content, compressed where the integration asks for it. */
  readonly body: OutgoingBody | null;
}

/** A call whose answer was that its token is no good. */
export interface RefusedCall {
  readonly token: string | null;
  readonly at: Date;
  readonly response: OutboundResponse;
}

/** By the calendar, and by the clock that durations are measured with, in milliseconds. */
interface Moment {
  readonly at: Date;
  readonly ms: number;
}

export const thisMoment = (): Moment => ({ at: new Date(), ms: performance.now() });

/** One try of one delivery on its way through the pipeline. Each step reads what steps before it have set. */
export class Delivery {
  /** When its steps began: what it waited before is no part of the try. */
  began = thisMoment();
  /** What the intent returned. */
  data: unknown = null;
  /** The outgoing body as a value, with a token in the place of each file. */
  body: unknown = null;
  /** For each attachment of the integration, in their order, what stands in its place. */
  fileTokens: readonly string[] = [];
  files: readonly PlacedFile[] = [];
  /** What is set aside for its files, of the memory of this process. */
  attachmentShare: ByteShare | null = null;
  /** The body of an earlier try, where it is sent again as it was. */
  restored: SentBody | null = null;
  request: ComposedRequest | null = null;
  /** Names the shared token that the request carries; `null` where it carries none. */
  token: string | null = null;
  /** The call before the one that is being made, whose token the vendor refused. */
  refused: RefusedCall | null = null;
  /** Values that must not appear in anything that is stored. */
  readonly secrets: string[] = [];
  /** What tenant and integration want hidden beside. */
  rules = NO_RULES;
  response: OutboundResponse | null = null;
  /** What was lifted from the response, and why the rest was not. */
  extracts: Extracts = {};
  extractFaults: Readonly<Record<string, string>> = {};

  constructor(
    readonly log: IntegrationLog,
    readonly integration: Integration,
    readonly action: RegisteredAction,
  ) {}

  /** Makes room for the second call of this try: whatever it comes to, nothing of the first must pass for its own. */
  setAside(response: OutboundResponse): void {
    this.refused = { token: this.token, at: new Date(), response };
    this.response = null;
    this.extracts = {};
    this.extractFaults = {};
  }

  /** Knows the secrets that the steps so far have used. */
  redactor(): Redactor {
    return new Redactor(this.secrets, this.rules);
  }

  get input(): DeliveryInput {
    const { log, action, data } = this;
    return {
      data,
      context: log.context,
      action: { id: action.id, name: action.name },
      tenantId: log.tenantId,
      deliveryId: log._id,
      occurredAt: log.occurredAt.toISOString(),
    };
  }

  get sendsBody(): boolean {
    return this.integration.endpoint.method !== 'GET' && this.integration.endpoint.method !== 'DELETE';
  }
}
