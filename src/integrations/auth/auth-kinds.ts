import type { FieldFault } from '../../common/field-fault.js';
import { parseShape } from '../../common/parse-shape.js';
import { isRecord, kindOf } from '../../common/primitives.js';
import { API_KEY_AUTH } from './api-key.auth.js';
import type { AuthKind, SplitAuth } from './auth-kind.js';
import { BASIC_AUTH } from './basic.auth.js';
import { BEARER_AUTH } from './bearer.auth.js';
import { NO_AUTH } from './none.auth.js';

/** An entry whose own input type is hidden behind one function, so that kinds of any input fit in one registry. */
interface RegisteredAuthKind extends Pick<AuthKind, 'kind' | 'apply'> {
  parse(input: unknown): { ok: true; value: SplitAuth } | { ok: false; faults: FieldFault[] };
}

const register = <Input extends object>({ kind, input, split, apply }: AuthKind<Input>): RegisteredAuthKind => ({
  kind,
  apply,
  parse: (value) => {
    const parsed = parseShape(input, value, 'auth');
    return parsed.ok ? { ok: true, value: split(parsed.value) } : parsed;
  },
});

const REGISTRY: ReadonlyMap<string, RegisteredAuthKind> = new Map(
  [register(NO_AUTH), register(API_KEY_AUTH), register(BASIC_AUTH), register(BEARER_AUTH)].map((entry) => [
    entry.kind,
    entry,
  ]),
);

const AUTH_KINDS = [...REGISTRY.keys()];

export const findAuthKind = (kind: string) => REGISTRY.get(kind) ?? null;

/** Reads the `auth` of an integration as a person sent it. */
export function parseAuth(input: unknown): ReturnType<RegisteredAuthKind['parse']> & { kind: string } {
  const kind = isRecord(input) && typeof input['kind'] === 'string' ? input['kind'] : '';
  const entry = findAuthKind(kind);
  if (entry) return { kind, ...entry.parse(input) };
  const received = isRecord(input) ? kindOf(input['kind']) : kindOf(input);
  return {
    kind,
    ok: false,
    faults: [{ field: 'auth.kind', expected: `must be one of ${AUTH_KINDS.join(', ')}`, received }],
  };
}
