import { type SignableMessage, unixSeconds } from './signature-scheme.js';
import { V1_SCHEME } from './v1.scheme.js';
import { V1A_SCHEME } from './v1a.scheme.js';
import type { WebhookScheme } from './webhook-scheme.js';

/** The schemes by the names that stand in front of their signatures. A new one is a file beside theirs and a line here. */
export const WEBHOOK_SCHEMES = { v1: V1_SCHEME, v1a: V1A_SCHEME } as const satisfies Record<string, WebhookScheme>;

export type WebhookSchemeName = keyof typeof WEBHOOK_SCHEMES;

export const WEBHOOK_SCHEME_NAMES = ['v1', 'v1a'] as const satisfies readonly WebhookSchemeName[];

export interface WebhookSigningKey {
  readonly scheme: WebhookSchemeName;
  readonly secret: string;
}

/**
 * The headers of a call signed as Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks): one
 * signature for each key, separated by blanks, so that a receiver that knows any of them can verify the call.
 * @throws SigningKeyInvalidError
 */
export function webhookHeaders(message: SignableMessage, keys: readonly WebhookSigningKey[]): Record<string, string> {
  const signatures = keys.map(({ scheme, secret }) => WEBHOOK_SCHEMES[scheme].sign(message, secret));
  return {
    'webhook-id': message.id,
    'webhook-timestamp': unixSeconds(message.sentAt),
    'webhook-signature': signatures.join(' '),
  };
}
