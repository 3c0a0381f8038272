import { type SignableMessage, type SignatureScheme, unixSeconds } from './signature-scheme.js';

interface NewWebhookKey {
  /** What signs; it never leaves Waybill where `shared` is another. */
  readonly secret: string;
  /** What the receiver verifies by: the same secret, or a public key. */
  readonly shared: string;
}

/** A kind of signature of Standard Webhooks. Its signatures are `<name>,<base64>`. */
export interface WebhookScheme extends SignatureScheme {
  newKey(): NewWebhookKey;
}

/** What Standard Webhooks signs: `id.timestamp.body`. The part before the body. */
export const signedPrefix = ({ id, sentAt }: SignableMessage) => `${id}.${unixSeconds(sentAt)}.`;
