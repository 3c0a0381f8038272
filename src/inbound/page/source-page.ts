import { Injectable } from '@nestjs/common';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import { isRefused, isUnread } from '../../logging/received/webhook-logs.js';
import { BodySchemas } from '../../integrations/schemas/body-schemas.js';
import { SecretVault } from '../../security/secrets/secret-vault.js';
import { WaybillError } from '../../common/waybill.error.js';
import { HookUnknownError } from '../hooks/hook.errors.js';
import { strangerReason } from '../hooks/stranger-reason.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { addressOf, pageAddressOf } from '../sources/source-token.js';
import { SourceVerifier } from '../verification/source-verifier.js';
import type { WorkedExample } from '../verification/verification-scheme.js';
import { findVerificationScheme } from '../verification/verification-schemes.js';
import { readWebhook } from '../webhook.js';

/** Requests that the page shows, the newest ones. */
const SHOWN_REQUESTS = 50;

/** One request as its sender may know of it. */
export interface ShownRequest {
  readonly at: Date;
  readonly logId: string;
  readonly verdict: 'accepted' | 'refused';
  /** Of a refused one why; of an accepted one how far it is. */
  readonly says: string;
  /** `null` where its body was not read. */
  readonly bytes: number | null;
}

/** What the page for a vendor's developer shows. */
export interface SourcePage {
  readonly name: string;
  readonly vendor: string;
  readonly enabled: boolean;
  readonly kind: string;
  /** `null` where it was made before addresses were kept. */
  readonly address: string | null;
  /** Where a request can be tried out. */
  readonly checkAddress: string;
  readonly maxBytes: number;
  readonly example: WorkedExample | null;
  readonly requests: readonly ShownRequest[];
}

/** What became of a request that was only tried out. */
export interface CheckedRequest {
  readonly verified: boolean;
  /** Why not. */
  readonly reason: string | null;
  readonly type: string | null;
  readonly eventId: string | null;
  /** What the body does not meet of the source's schema. */
  readonly schemaFault: string | null;
  readonly bytes: number;
}

/** For the developer of a vendor: how to call, and what became of the calls. Who has the page's token may see it. */
@Injectable()
export class SourcePages {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly verifier: SourceVerifier,
    private readonly logs: IntegrationLogStore,
    private readonly vault: SecretVault,
    private readonly schemas: BodySchemas,
  ) {}

  /** `base`: where the paths of this installation begin. @throws HookUnknownError */
  async read(token: string, base: string): Promise<SourcePage> {
    const source = await this.sourceOf(token);
    const { name, vendor, enabled, verification, maxBytes } = source;
    const address = await this.addressOf(source, base);
    const scheme = findVerificationScheme(verification.kind);
    return {
      name,
      vendor,
      enabled,
      kind: verification.kind,
      address,
      checkAddress: `${base}${pageAddressOf(token)}/check`,
      maxBytes,
      example: scheme?.example(verification.settings, address ?? `${base}/hooks/...`) ?? null,
      requests: (await this.logs.newestOf(source.tenantId, source._id, SHOWN_REQUESTS)).map(shown),
    };
  }

  /** Verifies and reads a request as the source would, and keeps nothing of it. @throws HookUnknownError */
  async check(
    token: string,
    base: string,
    holding: (source: InboundSource, use: (request: RawRequest) => Promise<CheckedRequest>) => Promise<CheckedRequest>,
  ): Promise<CheckedRequest> {
    const source = await this.sourceOf(token);
    // Some sign the address that they call.
    const address = await this.addressOf(source, base);
    return holding(source, (sent) =>
      this.checked(source, address === null ? sent : { ...sent, url: `${address}${new URL(sent.url).search}` }),
    );
  }

  private async checked(source: InboundSource, request: RawRequest): Promise<CheckedRequest> {
    const nothing = { verified: false, reason: null, type: null, eventId: null, schemaFault: null };
    const bytes = request.body.length;
    const stranger = strangerReason(source, request);
    if (stranger !== null) return { ...nothing, reason: stranger, bytes };
    const judged = await this.verifier.judge(source, request);
    if ('challenge' in judged) return { ...nothing, verified: true, bytes };
    if (!judged.ok) return { ...nothing, reason: judged.reason, bytes };
    const { type, eventId, data } = readWebhook(source, request, judged.eventId);
    return { verified: true, reason: null, type, eventId, schemaFault: await this.schemaFault(source, data), bytes };
  }

  private async sourceOf(token: string): Promise<InboundSource> {
    const source = await this.directory.atPage(token, new Date());
    if (!source) throw new HookUnknownError();
    return source;
  }

  private async addressOf({ tokens, tenantId }: InboundSource, base: string): Promise<string | null> {
    const [newest] = tokens;
    return newest?.secretId ? `${base}${addressOf(await this.vault.reveal(tenantId, newest.secretId))}` : null;
  }

  private async schemaFault({ schemaJson, tenantId, bulk }: InboundSource, data: unknown): Promise<string | null> {
    if (schemaJson === null || bulk !== null) return null;
    try {
      await this.schemas.requireValid(schemaJson, data, { owner: tenantId });
      return null;
    } catch (error) {
      if (error instanceof WaybillError) return error.message;
      throw error;
    }
  }
}

const PROGRESS = {
  QUEUED: 'taken, to be worked on',
  SUCCESS: 'taken and done',
  FAIL: 'taken; the receiver could not work on it',
} as const;

/** How the receiver worked on it is not the sender's matter. */
function shown(log: IntegrationLog): ShownRequest {
  const { _id, createdAt, status, errorMessage, firstAttempt } = log;
  return {
    at: createdAt,
    logId: _id,
    ...(isRefused(log)
      ? { verdict: 'refused', says: errorMessage ?? '' }
      : { verdict: 'accepted', says: `${PROGRESS[status]}${shownRepeats(log)}` }),
    bytes: isUnread(log) ? null : (firstAttempt?.request?.body?.sizeBytes ?? 0),
  };
}

function shownRepeats({ repeats }: IntegrationLog): string {
  if (!repeats) return '';
  const { count, lastAt } = repeats;
  const times = count === 1 ? 'once' : `${count.toLocaleString('en')} times`;
  return `, and ${times} again, last at ${lastAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
