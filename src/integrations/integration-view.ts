import type { Integration } from './integration.js';
import type { IntegrationDto } from './integration.dto.js';

/** What an answer may hold of an integration: everything but its secret, not even the reference to it. */
export function integrationViewOf(integration: Integration): IntegrationDto {
  const { _id: id, tenantId, auth, ...rest } = integration;
  return { id, tenantId, ...rest, auth: { ...auth.settings, kind: auth.kind, secretSet: auth.secretId !== null } };
}
