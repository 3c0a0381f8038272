import type { InboundSource, SourceToken } from './inbound-source.js';
import type { HandlingDto, SourceAddressDto, SourceDto, SourceVersionDto } from './source.dto.js';

/** What an answer may hold of a source: everything but its secrets, neither their references nor their hashes. */
export const sourceViewOf = (source: InboundSource): SourceDto => shown(source);

/** A version says whether it is the deletion. */
export const versionViewOf = (version: InboundSource): SourceVersionDto => ({
  ...shown(version),
  deleted: version.deleted ?? false,
});

export const addressViewOf = ({ createdAt, validUntil }: SourceToken): SourceAddressDto => ({ createdAt, validUntil });

function shown(source: InboundSource) {
  const { _id: id, verification, schemaJson, handling, tokens, pageToken, deleted: _deleted, ...rest } = source;
  const schema: Record<string, unknown> | null = schemaJson === null ? null : JSON.parse(schemaJson);
  return {
    id,
    ...rest,
    verification: {
      ...verification.settings,
      kind: verification.kind,
      secretSet: verification.secretId !== null,
    },
    schema,
    handling: handlingViewOf(handling),
    addresses: tokens.map(addressViewOf),
    page: { createdAt: pageToken.createdAt },
  };
}

function handlingViewOf(handling: InboundSource['handling']): HandlingDto {
  if (handling.kind !== 'forward') return handling;
  const { kind, url } = handling;
  return { kind, url };
}
