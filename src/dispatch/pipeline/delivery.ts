import type { RegisteredAction } from '../../actions/registered-action.js';
import type { Integration } from '../../integrations/integration.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
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
  readonly body: Buffer | null;
}

/** One try of one delivery on its way through the pipeline. Each step reads what steps before it have set. */
export class Delivery {
  /** What the intent returned. */
  data: unknown = null;
  /** The outgoing body as a value. */
  body: unknown = null;
  request: ComposedRequest | null = null;
  /** Names the shared token that the request carries; `null` where it carries none. */
  token: string | null = null;
  /** Names a token that the vendor has refused in this try. */
  refusedToken: string | null = null;
  /** Values that must not appear in anything that is stored. */
  readonly secrets: string[] = [];
  response: OutboundResponse | null = null;

  constructor(
    readonly log: IntegrationLog,
    readonly integration: Integration,
    readonly action: RegisteredAction,
  ) {}

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
