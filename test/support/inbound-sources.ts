import { randomUUID } from 'node:crypto';
import { newSourceId } from '../../src/common/ids.js';
import { INBOUND_SOURCES } from '../../src/inbound/sources/inbound-source.collection.js';
import type { InboundSource } from '../../src/inbound/sources/inbound-source.js';
import { newSourceToken } from '../../src/inbound/sources/source-token.js';
import { DEFAULT_TRAFFIC } from '../../src/integrations/traffic.js';
import { SecretVault } from '../../src/security/secrets/secret-vault.js';
import { webhookHeaders } from '../../src/security/signatures/standard-webhooks.js';
import { Database } from '../../src/storage/database.js';
import { LAB, type TestHost } from './test-host.js';

/** A source whose webhooks are signed as Standard Webhooks by `secret`. */
export async function createSource(host: TestHost, partial: Partial<InboundSource> = {}, secret = SECRET) {
  const id = newSourceId();
  const now = new Date();
  const token = newSourceToken(id, now);
  const secretId = await host.find(SecretVault).store(LAB, JSON.stringify({ secrets: [secret] }));
  const source: InboundSource = {
    _id: id,
    tenantId: LAB,
    name: 'Analyser',
    vendor: 'acme-lab',
    enabled: true,
    disabledReason: null,
    pause: null,
    verification: { kind: 'standard-webhooks', settings: { toleranceSeconds: 300, versions: ['v1'] }, secretId },
    eventType: '/type',
    eventId: null,
    dedupeWindowMs: 86_400_000,
    mode: 'async',
    answerWithinMs: 5_000,
    timeoutMs: 10_000,
    maxBytes: 1_048_576,
    rate: null,
    allowCidrs: [],
    schemaJson: null,
    handling: { kind: 'handler' },
    bulk: null,
    keepsRefusedBodies: false,
    retryPolicy: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 10, waitsMs: null, deadlineMs: null },
    traffic: DEFAULT_TRAFFIC,
    answers: null,
    tokens: [token.stored],
    pageToken: newSourceToken(id, now).stored,
    version: 1,
    createdAt: now,
    updatedAt: now,
    updatedBy: 'test',
    ...partial,
  };
  await host.find(Database).model(INBOUND_SOURCES).create(source);
  return { source, path: `/hooks/${token.text}` };
}

export const SECRET = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;

/** The headers that sign a body as its sender would. */
export function signed(body: string, id: string = `msg_${randomUUID()}`, sentAt = new Date()): Record<string, string> {
  const message = { id, sentAt, method: 'POST', target: '/', body };
  return { 'content-type': 'application/json', ...webhookHeaders(message, [{ scheme: 'v1', secret: SECRET }]) };
}
