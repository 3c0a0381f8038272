import { hash } from 'node:crypto';
import type { Integration } from '../integrations/integration.js';
import type { Attempt } from '../logging/integration-log.js';

/** A body as it went over the wire, before compression. */
export interface SentBody {
  /** `null`: the call had no body. */
  readonly text: string | null;
  readonly contentType: string | null;
}

export type FoundSentBody = SentBody | { readonly missing: string };

/** The body that the last call of a log sent, or why the log does not hold it. Its hash tells whether it is the very same. */
export function sentBodyOf(attempts: readonly Attempt[]): FoundSentBody {
  const request = attempts.findLast((attempt) => attempt.request !== null)?.request;
  if (!request) return { missing: 'no try has sent anything yet' };
  const { body } = request;
  if (body === null) return { text: null, contentType: null };
  if (body.truncated) return { missing: 'the log does not hold the end of what was sent' };
  if (body.text === null) return { missing: 'what was sent is binary, or has expired: the log holds its hash only' };
  if (hash('sha256', body.text, 'hex') !== body.sha256)
    return { missing: 'what the log holds is not what was sent: a part of it was redacted, or was a file' };
  return { text: body.text, contentType: body.contentType ?? request.headers['content-type'] ?? null };
}

const READS_DATA = /\{\{\s*data\b/;

/** Why an integration does not send a body again as it was; `null` where it does. */
export function asSentFault({ retry, endpoint }: Integration): string | null {
  if (!retry?.allowAsSent) return 'its integration does not allow it (retry.allowAsSent)';
  const { url, headers, query } = endpoint;
  const templates = [url, ...Object.values(headers), ...Object.values(query)];
  return templates.some((template) => READS_DATA.test(template))
    ? 'the address or a header of its integration is filled from the record'
    : null;
}
