import type { Integration } from './integration.js';
import type { IntegrationDto, IntegrationVersionDto } from './integration.dto.js';

/** What an answer may hold of an integration: everything but its secret, not even the reference to it. */
export const integrationViewOf = (integration: Integration): IntegrationDto => shown(integration);

/** A version says whether it is the deletion. */
export const versionViewOf = (version: Integration): IntegrationVersionDto => ({
  ...shown(version),
  deleted: version.deleted ?? false,
});

function shown(integration: Integration) {
  const { _id: id, tenantId, auth, schemaJson, deleted: _deleted, ...rest } = integration;
  const schema: Record<string, unknown> | null = schemaJson ? JSON.parse(schemaJson) : null;
  return {
    id,
    tenantId,
    ...rest,
    schema,
    auth: { ...auth.settings, kind: auth.kind, secretSet: auth.secretId !== null },
  };
}
