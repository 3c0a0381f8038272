import { Injectable } from '@nestjs/common';
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
    const secret = await this.vault.reveal(tenantId, auth.secretId);
    delivery.secrets.push(secret);
    const { headers, url } = delivery.request;
    kind.apply({ headers, query: url.searchParams }, auth.settings, secret);
  }
}
