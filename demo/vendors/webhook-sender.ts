import { valueAt } from './vendor.js';
import type { WebhookSignature } from './webhook-signature.js';

const UNAUTHORIZED = 401;

/** A source as a lab enters it by `POST /v1/sources`; its verification is filled in. */
export interface SourceDraft {
  readonly name: string;
  /** As the lab's `@InboundWebhook` calls whoever posts. */
  readonly vendor: string;
  readonly eventType: string;
  readonly eventId?: string;
  readonly signature: WebhookSignature;
}

/** One post in the vendor's own record: what the story checks Waybill's logs against. */
export interface SentWebhook {
  readonly labId: string;
  readonly eventId: string;
  readonly status: number;
  /** What the answer calls it; `null` where it was refused. */
  readonly logId: string | null;
}

export interface AcceptedWebhook extends SentWebhook {
  readonly logId: string;
}

/** The part of a vendor that calls the labs: signs each webhook for its lab, and remembers how it was answered. */
export class WebhookSender {
  readonly sent: SentWebhook[] = [];
  private readonly secrets = new Map<string, string>();
  private readonly addresses = new Map<string, string>();

  constructor(readonly source: SourceDraft) {}

  get accepted(): AcceptedWebhook[] {
    return this.sent.flatMap(({ logId, ...sent }) => (logId === null ? [] : [{ ...sent, logId }]));
  }

  /** What the lab verifies by; another one each time, of which the last counts. */
  newSecretFor(labId: string): string {
    const secret = this.source.signature.newSecret();
    this.secrets.set(labId, secret);
    return secret;
  }

  callAt(labId: string, url: string): void {
    this.addresses.set(labId, url);
  }

  /** @param secret another one than the lab's own */
  async send(
    labId: string,
    { id: eventId, event }: { readonly id: string; readonly event: object },
    secret = this.secrets.get(labId),
  ): Promise<SentWebhook> {
    const address = this.addresses.get(labId);
    if (address === undefined || secret === undefined)
      throw new Error(`${this.source.name}: ${labId} is not connected`);
    const body = JSON.stringify(event);
    const signed = this.source.signature.headers({ id: eventId, body, sentAt: new Date() }, secret);
    const response = await fetch(address, {
      method: 'POST',
      headers: { ...signed, 'content-type': 'application/json' },
      body,
    });
    const answer: unknown = await response.json();
    if (!response.ok && response.status !== UNAUTHORIZED)
      throw new Error(`${this.source.name}: ${labId} answered ${response.status}: ${JSON.stringify(answer)}`);
    const logId = valueAt(answer, 'id');
    const sent = { labId, eventId, status: response.status, logId: response.ok ? String(logId) : null };
    this.sent.push(sent);
    return sent;
  }
}
