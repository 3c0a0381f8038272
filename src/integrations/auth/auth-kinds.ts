import type { FieldFault } from '../../common/field-fault.js';
import { parseShape } from '../../common/parse-shape.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import { API_KEY_AUTH } from './api-key.auth.js';
import type { AuthCheckContext, AuthKind, AuthSettings, SplitAuth } from './auth-kind.js';
import { BASIC_AUTH } from './basic.auth.js';
import { BEARER_AUTH } from './bearer.auth.js';
import { HMAC_AUTH } from './hmac.auth.js';
import { LOGIN_AUTH } from './login.auth.js';
import { NO_AUTH } from './none.auth.js';
import { OAUTH2_CLIENT_CREDENTIALS_AUTH } from './oauth2-client-credentials.auth.js';

type ParsedAuth = { ok: true; value: SplitAuth } | { ok: false; faults: FieldFault[] };

/** An entry whose own input and settings are hidden behind two functions, so that kinds of any shape fit in one registry. */
interface RegisteredAuthKind extends Pick<AuthKind, 'kind' | 'input' | 'apply'> {
  parse(input: unknown, context: AuthCheckContext): ParsedAuth;
}

const register = <Input extends object, Settings extends AuthSettings>(
  kind: AuthKind<Input, Settings>,
): RegisteredAuthKind => ({
  kind: kind.kind,
  input: kind.input,
  apply: (request, { settings, secret }, tokens) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they are what this kind's `split` gave away
    kind.apply(request, { settings: settings as Settings, secret }, tokens),
  parse: (value, context) => {
    const parsed = parseShape(kind.input, value, 'auth');
    if (!parsed.ok) return parsed;
    const faults = kind.check?.(parsed.value, context) ?? [];
    if (faults.length === 0) return { ok: true, value: kind.split(parsed.value) };
    return { ok: false, faults: faults.map((fault) => ({ ...fault, field: `auth.${fault.field}` })) };
  },
});

const REGISTRY: ReadonlyMap<string, RegisteredAuthKind> = new Map(
  [
    register(NO_AUTH),
    register(API_KEY_AUTH),
    register(BASIC_AUTH),
    register(BEARER_AUTH),
    register(OAUTH2_CLIENT_CREDENTIALS_AUTH),
    register(LOGIN_AUTH),
    register(HMAC_AUTH),
  ].map((entry) => [entry.kind, entry]),
);

export const AUTH_KINDS = [...REGISTRY.keys()];

export const findAuthKind = (kind: string) => REGISTRY.get(kind) ?? null;

/** Reads the `auth` of an integration as a person sent it. */
export function parseAuth(input: unknown, context: AuthCheckContext): ParsedAuth & { kind: string } {
  const kind = isRecord(input) && typeof input['kind'] === 'string' ? input['kind'] : '';
  const entry = findAuthKind(kind);
  if (entry) return { kind, ...entry.parse(input, context) };
  const received = isRecord(input) ? kindOf(input['kind']) : kindOf(input);
  return {
    kind,
    ok: false,
    faults: [{ field: 'auth.kind', expected: `must be one of ${AUTH_KINDS.join(', ')}`, received }],
  };
}
