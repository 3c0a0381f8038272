import { isRecord } from '../../common/primitives.js';
import { valueAt } from '../../common/value-at.js';
import type { IssuedToken } from '../../security/tokens/shared-tokens.js';
import { renderTemplate } from '../template.js';
import type { TokenDesk } from './auth-kind.js';
import { requireToken, requireTokenStatus } from './token-response.js';

export interface LoginSettings {
  readonly url: string;
  readonly format: 'json' | 'form';
  readonly body: Readonly<Record<string, unknown>>;
  readonly tokenPath: string;
  readonly expiresInPath?: string;
  readonly ttlSeconds?: number;
  readonly header: string;
  readonly prefix: string;
}

/** Posts the login and takes the token out of the answer. @throws TokenRequestError */
export async function issueByLogin(
  settings: LoginSettings,
  secret: string,
  desk: Pick<TokenDesk, 'send'>,
): Promise<IssuedToken> {
  const { url, tokenPath } = settings;
  const { host } = new URL(url);
  const filled = fill(settings.body, credentialsOf(secret));
  const answer = await desk.send({ method: 'POST', url, ...WRITERS[settings.format](filled) });
  requireTokenStatus(host, answer);
  const json = parsed(answer.body);
  return { value: requireToken(host, valueAt(json, tokenPath), tokenPath), lifetimeMs: lifetimeOf(settings, json) };
}

/** The credentials by name, as `split` has stored them. */
export function credentialsOf(secret: string): Record<string, string> {
  const stored: unknown = JSON.parse(secret);
  const entries = Object.entries(isRecord(stored) ? stored : {});
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

const WRITERS = {
  json: (body: unknown) => ({
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }),
  form: (body: unknown) => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: formOf(isRecord(body) ? body : {}),
  }),
} as const;

function formOf(body: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) form.append(name, String(value));
  return form.toString();
}

/** Values are put into texts, never into JSON: they cannot change its structure. */
function fill(template: unknown, credentials: Readonly<Record<string, string>>): unknown {
  if (typeof template === 'string') return renderTemplate('auth.body', template, credentials, String);
  if (Array.isArray(template)) return template.map((item) => fill(item, credentials));
  if (!isRecord(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value, credentials)]));
}

/** What the answer says, else what was declared, else nothing. */
function lifetimeOf({ expiresInPath, ttlSeconds }: LoginSettings, answer: unknown): number | null {
  const said = expiresInPath === undefined ? Number.NaN : Number(valueAt(answer, expiresInPath));
  if (Number.isFinite(said) && said > 0) return said * 1_000;
  return ttlSeconds === undefined ? null : ttlSeconds * 1_000;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
