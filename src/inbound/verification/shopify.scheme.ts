import { Equals } from 'class-validator';
import { hmacPreset, PLAIN_HMAC } from './hmac-preset.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { defineVerificationScheme } from './verification-scheme.js';

class ShopifyInput {
  @Equals('shopify')
  kind!: 'shopify';

  /** The app's client secrets. */
  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];
}

/**
 * https://shopify.dev/docs/apps/build/webhooks/subscribe/https. The body alone is signed: neither a time, nor
 * `x-shopify-webhook-id`, nor the shop and topic in the headers.
 */
export const SHOPIFY_SCHEME = defineVerificationScheme({
  kind: 'shopify',
  ...hmacPreset(ShopifyInput, { ...PLAIN_HMAC, header: 'x-shopify-hmac-sha256', encoding: 'base64' }),
});
