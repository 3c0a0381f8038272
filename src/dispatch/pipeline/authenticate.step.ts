import { Injectable } from '@nestjs/common';
import { bounded, DATABASE_TIMEOUT_MS } from '../../common/bounded.js';
import { findAuthKind } from '../../integrations/auth/auth-kinds.js';
import { IntegrationTls } from '../../integrations/tls/integration-tls.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { AuthKindUnknownError } from './auth-kind-unknown.error.js';
import type { ComposedRequest, Delivery } from './delivery.js';
import type { PipelineStep } from './pipeline-step.js';
import { TokenDesks } from './token-desks.js';

type RegisteredAuthKind = NonNullable<ReturnType<typeof findAuthKind>>;

/** Puts the integration's credentials into the request, and remembers them so that nothing stores them. */
@Injectable()
export class AuthenticateStep implements PipelineStep {
  constructor(
    private readonly vault: SecretVault,
    private readonly tls: IntegrationTls,
    private readonly desks: TokenDesks,
  ) {}

  run(delivery: Delivery): Promise<void> | void {
    const { auth } = delivery.integration;
    const kind = findAuthKind(auth.kind);
    if (!kind) throw new AuthKindUnknownError(auth.kind);
    if (!delivery.request || auth.secretId === null) return;
    return this.authenticate(delivery, delivery.request, kind, auth.secretId);
  }

  private async authenticate(
    delivery: Delivery,
    { url, headers, body }: ComposedRequest,
    kind: RegisteredAuthKind,
    secretId: string,
  ): Promise<void> {
    const { tenantId, auth, endpoint } = delivery.integration;
    const secret = await bounded(this.vault.reveal(tenantId, secretId), DATABASE_TIMEOUT_MS, 'Reading a secret');
    const request = { id: delivery.log._id, method: endpoint.method, url, headers, body };
    const desk = this.desks.open({
      owner: { tenantId, id: secretId },
      refused: delivery.refused?.token ?? null,
      tls: this.tls.of(delivery.integration),
    });
    const applied = kind.apply(request, { settings: auth.settings, secret }, desk);
    delivery.secrets.push(...(applied instanceof Promise ? await applied : applied));
    delivery.token = desk.receipt;
  }
}
