import { NO_REDACTION } from '../common/redaction-rules.js';
import type { Integration } from './integration.js';
import type { IntegrationDto, IntegrationVersionDto } from './integration.dto.js';
import type { Signing } from './signing/signing.js';
import type { SigningDto } from './signing/signing.dto.js';

/** What an answer may hold of an integration: everything but its secrets, not even the references to them. */
export const integrationViewOf = (integration: Integration): IntegrationDto => shown(integration);

/** A version says whether it is the deletion. */
export const versionViewOf = (version: Integration): IntegrationVersionDto => ({
  ...shown(version),
  deleted: version.deleted ?? false,
});

function shown(integration: Integration) {
  const { _id: id, tenantId, auth, signing, tls, schemaJson, statusCallback, deleted: _deleted, ...rest } = integration;
  const { paths, names, patterns } = integration.redaction ?? NO_REDACTION;
  const schema: Record<string, unknown> | null = schemaJson ? JSON.parse(schemaJson) : null;
  return {
    id,
    tenantId,
    ...rest,
    schema,
    redaction: { paths: [...paths], names: [...names], patterns: [...patterns] },
    auth: { ...auth.settings, kind: auth.kind, secretSet: auth.secretId !== null },
    tls: tls ? { clientCertificate: tls.clientCertificate, authorities: tls.authorities } : null,
    signing: signing ? signingViewOf(signing) : null,
    statusCallback: statusCallback ? { url: statusCallback.url } : null,
  };
}

export const signingViewOf = ({ keys }: Signing): SigningDto => ({
  schemes: schemesOf(keys),
  keys: keys.map(({ scheme, publicKey, createdAt, signsUntil }) => ({ scheme, publicKey, createdAt, signsUntil })),
});

/** Of each scheme there is one current key. */
export const schemesOf = (keys: Signing['keys']) =>
  keys.filter(({ signsUntil }) => signsUntil === null).map(({ scheme }) => scheme);
