import { randomUUID } from 'node:crypto';
import type { TenantId } from '../../src/common/ids.js';
import { SourceEditor } from '../../src/inbound/sources/source-editor.js';
import { addressOf } from '../../src/inbound/sources/source-token.js';
import { webhookHeaders } from '../../src/security/signatures/standard-webhooks.js';
import { LAB, type TestHost } from './test-host.js';

/** A source as the API would make it, whose webhooks are signed as Standard Webhooks by `secret`. */
export async function createSource(
  host: TestHost,
  { tenantId = LAB, ...partial }: { readonly tenantId?: TenantId } & Readonly<Record<string, unknown>> = {},
  secret: string = SECRET,
) {
  const verification = { kind: 'standard-webhooks', secrets: [secret] };
  const { source, token } = await host
    .find(SourceEditor)
    .create(tenantId, { ...DEFAULTS, verification, ...partial }, 'test');
  return { source, path: addressOf(token) };
}

const DEFAULTS = {
  name: 'Analyser',
  vendor: 'acme-lab',
  eventType: '/type',
  timeoutMs: 10_000,
  retryPolicy: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 10 },
};

export const SECRET = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;

/** The headers that sign a body as its sender would. */
export function signed(body: string, id: string = `msg_${randomUUID()}`, sentAt = new Date()): Record<string, string> {
  const message = { id, sentAt, method: 'POST', target: '/', body };
  return { 'content-type': 'application/json', ...webhookHeaders(message, [{ scheme: 'v1', secret: SECRET }]) };
}
