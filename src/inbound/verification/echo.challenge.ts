import { IsOptional, IsString, Matches } from 'class-validator';
import { AUTH_NAME, AUTH_NAME_SAYS } from '../../integrations/auth/auth-header.js';
import { queryOf, type RawRequest } from './raw-request.js';
import type { ChallengeAnswer } from './verification-scheme.js';

/** Longer than any vendor's, and no text that a browser or a proxy could take for something else. */
const ECHOED = /^[\x20-\x7e]{1,1024}$/;

/** The challenge as plain text, and as nothing else: the caller wrote it. */
export const echo = (challenge: unknown): ChallengeAnswer | null =>
  typeof challenge === 'string' && ECHOED.test(challenge)
    ? {
        status: 200,
        headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
        body: challenge,
      }
    : null;

export class EchoInput {
  /** A GET with this parameter in its query is answered with the parameter's value, as vendors ask that test an address first. */
  @IsOptional()
  @IsString()
  @Matches(AUTH_NAME, { message: `echoParameter ${AUTH_NAME_SAYS}` })
  echoParameter?: string;
}

export const echoOf = ({ echoParameter }: { readonly echoParameter?: string }, request: RawRequest) =>
  echoParameter !== undefined && request.method === 'GET' ? echo(queryOf(request).get(echoParameter)) : null;
