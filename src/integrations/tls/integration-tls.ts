import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { isRecord } from '../../common/primitives.js';
import type { OutboundTls, TlsMaterial } from '../../security/outbound-http/tls-agents.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import type { Integration } from '../integration.js';
import { CertificateExpiredError } from './certificate-expired.error.js';

const DAY_MS = 86_400_000;
/** A new certificate can take a vendor weeks. */
const WARN_BEFORE_MS = 30 * DAY_MS;
/** Credentials of which this process remembers that it has warned; what it forgets it warns of once more. */
const REMEMBERED = 10_000;

/** The TLS of integrations' calls, opened only where no connection of theirs is there yet. */
@Injectable()
export class IntegrationTls {
  private readonly log = new Logger(IntegrationTls.name);
  private readonly warned = new LRUCache<string, true>({ max: REMEMBERED, ttl: DAY_MS });

  constructor(private readonly vault: SecretVault) {}

  /**
   * `null` where the integration asks for nothing of its own.
   * @throws CertificateExpiredError
   */
  of(integration: Integration): OutboundTls | null {
    const { tenantId, tls } = integration;
    if (!tls) return null;
    this.checkExpiry(integration, tls.clientCertificate?.expiresAt ?? null);
    const { secretId } = tls;
    return {
      id: secretId,
      load: async () =>
        materialOf(
          await bounded(this.vault.reveal(tenantId, secretId), DATABASE_TIMEOUT_MS, 'Reading TLS credentials'),
        ),
    };
  }

  private checkExpiry({ _id, tls }: Integration, expiresAt: Date | null): void {
    if (!tls || !expiresAt) return;
    const leftMs = expiresAt.getTime() - Date.now();
    if (leftMs <= 0) throw new CertificateExpiredError(_id, expiresAt);
    if (leftMs > WARN_BEFORE_MS || this.warned.has(tls.secretId)) return;
    this.warned.set(tls.secretId, true);
    this.log.warn(
      `tls.certificate of ${_id} expires on ${expiresAt.toISOString()}; from then on its deliveries FAIL. Enter a new one`,
    );
  }
}

/** As `JSON.stringify` of a TlsMaterial has stored it. */
function materialOf(secret: string): TlsMaterial {
  const stored: unknown = JSON.parse(secret);
  const text = (name: string) => {
    const value = isRecord(stored) ? stored[name] : null;
    return typeof value === 'string' ? value : null;
  };
  return { certificate: text('certificate'), privateKey: text('privateKey'), ca: text('ca') };
}
