import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import type { TenantId } from '../../common/ids.js';
import { isRecord } from '../../common/primitives.js';
import type { OutboundTls, TlsMaterial } from '../../security/outbound-http/tls-agents.js';
import type { SecretVault } from '../../security/secrets/secret-vault.js';
import type { StoredTls } from './tls.js';

/** The TLS of an integration's calls, opened only where no connection of theirs is there yet. */
export const outboundTls = (vault: SecretVault, tenantId: TenantId, { secretId }: StoredTls): OutboundTls => ({
  id: secretId,
  load: async () =>
    materialOf(await bounded(vault.reveal(tenantId, secretId), DATABASE_TIMEOUT_MS, 'Reading TLS credentials')),
});

/** As `JSON.stringify` of a TlsMaterial has stored it. */
function materialOf(secret: string): TlsMaterial {
  const stored: unknown = JSON.parse(secret);
  const text = (name: string) => {
    const value = isRecord(stored) ? stored[name] : null;
    return typeof value === 'string' ? value : null;
  };
  return { certificate: text('certificate'), privateKey: text('privateKey'), ca: text('ca') };
}
