import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface PresentedCredential {
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
}

/** What a vendor gives a lab to call it with: the lab enters `auth` in its integrations, the vendor checks what it gets. */
export interface Credential {
  readonly auth: Readonly<Record<string, string>>;
  matches(presented: PresentedCredential): boolean;
}

/** Makes a lab's credential of one kind. */
export type CredentialKind = (labId: string) => Credential;

const newSecret = () => randomBytes(18).toString('base64url');

export const bearer: CredentialKind = () => {
  const token = newSecret();
  return {
    auth: { kind: 'bearer', token },
    matches: ({ headers }) => headers.authorization === `Bearer ${token}`,
  };
};

export const basic: CredentialKind = (username) => {
  const password = newSecret();
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return {
    auth: { kind: 'basic', username, password },
    matches: ({ headers }) => headers.authorization === expected,
  };
};

export const headerKey =
  (name: string): CredentialKind =>
  () => {
    const value = newSecret();
    return {
      auth: { kind: 'api-key', in: 'header', name, value },
      matches: ({ headers }) => headers[name] === value,
    };
  };

export const queryKey =
  (name: string): CredentialKind =>
  () => {
    const value = newSecret();
    return {
      auth: { kind: 'api-key', in: 'query', name, value },
      matches: ({ query }) => query.get(name) === value,
    };
  };
