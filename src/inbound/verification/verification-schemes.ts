import type { FieldFault } from '../../common/field-fault.js';
import { parseShape } from '../../common/parse-shape.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import { GITHUB_SCHEME } from './github.scheme.js';
import { HMAC_SCHEME } from './hmac.scheme.js';
import { API_KEY_SCHEME } from './api-key.scheme.js';
import { BASIC_SCHEME } from './basic.scheme.js';
import { BEARER_SCHEME } from './bearer.scheme.js';
import { JWT_SCHEME } from './jwt.scheme.js';
import { META_SCHEME } from './meta.scheme.js';
import { MTLS_SCHEME } from './mtls.scheme.js';
import { NO_VERIFICATION_SCHEME } from './none.scheme.js';
import { SHOPIFY_SCHEME } from './shopify.scheme.js';
import { SLACK_SCHEME } from './slack.scheme.js';
import { TWILIO_SCHEME } from './twilio.scheme.js';
import { STANDARD_WEBHOOKS_SCHEME } from './standard-webhooks.scheme.js';
import { STRIPE_SCHEME } from './stripe.scheme.js';
import type {
  CredentialPlaces,
  JsonObject,
  SplitVerification,
  VerificationCheckContext,
  VerificationScheme,
} from './verification-scheme.js';

type ParsedVerification =
  { readonly ok: true; readonly value: SplitVerification } | { readonly ok: false; readonly faults: FieldFault[] };

/** An entry whose own input, settings and secrets are hidden, so that schemes of any shape fit in one registry. */
interface RegisteredVerificationScheme extends Required<Omit<VerificationScheme, 'check' | 'split'>> {
  parse(input: unknown, context: VerificationCheckContext): ParsedVerification;
}

const register = <Input extends object, Settings extends JsonObject, Secrets extends JsonObject>(
  scheme: VerificationScheme<Input, Settings, Secrets>,
): RegisteredVerificationScheme => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they are what this scheme's `split` gave away
  const own = (split: SplitVerification) => split as SplitVerification<Settings, Secrets>;
  const ownSettings = (settings: JsonObject) => own({ settings, secrets: {} }).settings;
  return {
    kind: scheme.kind,
    input: scheme.input,
    verify: (request, credentials, desk) => scheme.verify(request, own(credentials), desk),
    challenge: (request, credentials) => scheme.challenge?.(request, own(credentials)) ?? null,
    credentialPlaces: (settings) => scheme.credentialPlaces?.(ownSettings(settings)) ?? { headers: [], query: [] },
    example: (settings, url) => scheme.example(ownSettings(settings), url),
    parse: (value, context) => {
      const parsed = parseShape(scheme.input, value, 'verification');
      if (!parsed.ok) return parsed;
      const faults = scheme.check?.(parsed.value, context) ?? [];
      if (faults.length > 0)
        return { ok: false, faults: faults.map((fault) => ({ ...fault, field: `verification.${fault.field}` })) };
      return { ok: true, value: scheme.split(parsed.value) };
    },
  };
};

const REGISTRY: ReadonlyMap<string, RegisteredVerificationScheme> = new Map(
  [
    register(STANDARD_WEBHOOKS_SCHEME),
    register(STRIPE_SCHEME),
    register(GITHUB_SCHEME),
    register(SHOPIFY_SCHEME),
    register(SLACK_SCHEME),
    register(META_SCHEME),
    register(TWILIO_SCHEME),
    register(HMAC_SCHEME),
    register(BASIC_SCHEME),
    register(BEARER_SCHEME),
    register(API_KEY_SCHEME),
    register(JWT_SCHEME),
    register(MTLS_SCHEME),
    register(NO_VERIFICATION_SCHEME),
  ].map((entry) => [entry.kind, entry]),
);

export const VERIFICATION_KINDS = [...REGISTRY.keys()];

export const findVerificationScheme = (kind: string) => REGISTRY.get(kind) ?? null;

/** Where requests that are verified so carry what would let anybody repeat them. */
export const credentialPlacesOf = (verification: { readonly kind: string; readonly settings: JsonObject }) =>
  findVerificationScheme(verification.kind)?.credentialPlaces(verification.settings) ?? NO_PLACES;

const NO_PLACES: CredentialPlaces = { headers: [], query: [] };

/** Reads the `verification` of a source as a person sent it. */
export function parseVerification(
  input: unknown,
  context: VerificationCheckContext,
): ParsedVerification & { readonly kind: string } {
  const kind = isRecord(input) && typeof input['kind'] === 'string' ? input['kind'] : '';
  const entry = findVerificationScheme(kind);
  if (entry) return { kind, ...entry.parse(input, context) };
  const received = isRecord(input) ? kindOf(input['kind']) : kindOf(input);
  return {
    kind,
    ok: false,
    faults: [{ field: 'verification.kind', expected: `must be one of ${VERIFICATION_KINDS.join(', ')}`, received }],
  };
}
