import type { ClassConstructor } from 'class-transformer';
import { hmacExample } from './hmac-example.js';
import { type HmacRules, verifyByHmac } from './hmac-rules.js';
import type { RawRequest } from './raw-request.js';
import type { VerificationScheme } from './verification-scheme.js';

/** What a vendor's own HMAC scheme leaves to be entered. */
export interface PresetInput {
  readonly secrets: string[];
  readonly toleranceSeconds?: number;
}

export type PresetSettings = Readonly<{ toleranceSeconds?: number }>;

export type PresetSecrets = Readonly<{ secrets: readonly string[] }>;

/** All but `kind` and `challenge` of a scheme that a vendor has fixed but for its secrets and the tolerated time. */
export function hmacPreset<Input extends PresetInput>(
  input: ClassConstructor<Input>,
  fixed: HmacRules,
): Omit<VerificationScheme<Input, PresetSettings, PresetSecrets>, 'kind' | 'challenge'> {
  const rulesOf = ({ toleranceSeconds = fixed.toleranceSeconds }: PresetSettings) => ({ ...fixed, toleranceSeconds });
  return {
    input,
    split: ({ secrets, toleranceSeconds }) => ({
      settings: toleranceSeconds === undefined ? {} : { toleranceSeconds },
      secrets: { secrets },
    }),
    verify: (request: RawRequest, { settings, secrets: { secrets } }) =>
      verifyByHmac(rulesOf(settings), request, secrets),
    example: (settings, url) => hmacExample(rulesOf(settings), url),
  };
}

/** What most vendors do: HMAC-SHA256 of the body by the secret's UTF-8, in hex. */
export const PLAIN_HMAC = {
  algorithm: 'sha256',
  encoding: 'hex',
  keyEncoding: 'utf8',
  prefix: '',
  template: '{{body}}',
  timestampFormat: 'seconds',
  toleranceSeconds: 300,
} as const;
