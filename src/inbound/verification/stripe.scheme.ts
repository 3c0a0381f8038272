import { Equals, IsInt, Max, Min } from 'class-validator';
import { hmacPreset, PLAIN_HMAC } from './hmac-preset.js';
import { ANY_TEXT, SecretList } from './secret-list.decorator.js';
import { DEFAULT_TOLERANCE_SECONDS, MAX_TOLERANCE_SECONDS } from './timestamp.js';
import { defineVerificationScheme } from './verification-scheme.js';

class StripeInput {
  @Equals('stripe')
  kind!: 'stripe';

  /** The endpoint's signing secrets, `whsec_...`. */
  @SecretList(ANY_TEXT, 'a text')
  secrets!: string[];

  @IsInt()
  @Min(1)
  @Max(MAX_TOLERANCE_SECONDS)
  toleranceSeconds = DEFAULT_TOLERANCE_SECONDS;
}

/** https://docs.stripe.com/webhooks#verify-manually; payment providers that follow Stripe sign the same way. */
export const STRIPE_SCHEME = defineVerificationScheme({
  kind: 'stripe',
  ...hmacPreset(StripeInput, {
    ...PLAIN_HMAC,
    header: 'stripe-signature',
    signatureField: 'v1',
    timestampField: 't',
    template: '{{timestamp}}.{{body}}',
  }),
});
