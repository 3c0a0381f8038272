import { Equals } from 'class-validator';
import { hmacPreset, PLAIN_HMAC } from './hmac-preset.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { defineVerificationScheme } from './verification-scheme.js';

class GithubInput {
  @Equals('github')
  kind!: 'github';

  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];
}

/**
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries. Neither a time nor `x-github-delivery`
 * is signed.
 */
export const GITHUB_SCHEME = defineVerificationScheme({
  kind: 'github',
  ...hmacPreset(GithubInput, { ...PLAIN_HMAC, header: 'x-hub-signature-256', prefix: 'sha256=' }),
});
