import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { findAuthKind } from '../../integrations/auth/auth-kinds.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { AuthKindUnknownError } from './auth-kind-unknown.error.js';
import type { Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';

/** Puts the integration's credentials into the request, and remembers them so that nothing stores them. */
@Injectable()
export class AuthenticateStep implements PipelineStep {
  constructor(private readonly vault: SecretVault) {}

  async run(delivery: Delivery): Promise<void> {
    const { auth, tenantId } = delivery.integration;
    const kind = findAuthKind(auth.kind);
    if (!kind) throw new AuthKindUnknownError(auth.kind);
    if (!delivery.request || auth.secretId === null) return;
    const secret = await bounded(this.vault.reveal(tenantId, auth.secretId), DATABASE_TIMEOUT_MS, 'Reading a secret');
    const { headers, url } = delivery.request;
    delivery.secrets.push(secret);
    delivery.secrets.push(kind.apply({ headers, query: url.searchParams }, auth.settings, secret));
  }
}
