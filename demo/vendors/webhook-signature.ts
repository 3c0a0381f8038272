import { createHmac, randomBytes } from 'node:crypto';

const SECRET_BYTES = 24;

interface SignedMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAt: Date;
}

/** How a vendor proves that a webhook is its own: by a secret that it gives to each lab. */
export interface WebhookSignature {
  /** What a lab enters as `verification.kind`. */
  readonly kind: string;
  newSecret(): string;
  headers(message: SignedMessage, secret: string): Readonly<Record<string, string>>;
}

const newSecret = () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
const secondsOf = (at: Date) => String(Math.floor(at.getTime() / 1_000));

/** https://www.standardwebhooks.com */
export const STANDARD_WEBHOOKS: WebhookSignature = {
  kind: 'standard-webhooks',
  newSecret,
  headers({ id, body, sentAt }, secret) {
    const timestamp = secondsOf(sentAt);
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  },
};

/** https://docs.stripe.com/webhooks#verify-manually */
export const STRIPE: WebhookSignature = {
  kind: 'stripe',
  newSecret,
  headers({ body, sentAt }, secret) {
    const timestamp = secondsOf(sentAt);
    const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
    return { 'stripe-signature': `t=${timestamp},v1=${signature}` };
  },
};
