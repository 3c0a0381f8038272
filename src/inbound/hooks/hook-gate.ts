import { Injectable } from '@nestjs/common';
import { WaybillError } from '../../common/waybill.error.js';
import type { HttpRequest } from '../../http/http-message.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { SourceDirectory } from '../sources/source-directory.js';
import { SourceVerifier } from '../verification/source-verifier.js';
import type { Verified } from '../verification/verification-scheme.js';
import {
  HookUnknownError,
  SourceClosedError,
  VerificationUnavailableError,
  WebhookRefusedError,
} from './hook.errors.js';
import { HookRequests } from './hook-requests.js';
import { HookWatch } from './hook-watch.js';
import { headOf } from './raw-request-of.js';
import { RefusedWebhooks } from './refused-webhooks.js';
import { strangerReason } from './stranger-reason.js';
import { UnreadRequestError } from './unread-request.error.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** What a body is, where none is read. */
const NOTHING = Buffer.alloc(0);

/** Lets in what its source takes: at its address, from its addresses, as often, as large, and verified. */
@Injectable()
export class HookGate {
  constructor(
    private readonly directory: SourceDirectory,
    private readonly requests: HookRequests,
    private readonly verifier: SourceVerifier,
    private readonly refused: RefusedWebhooks,
    private readonly receiver: WebhookReceiver,
    private readonly watch: HookWatch,
  ) {}

  /** @throws the errors of `hook.errors.ts` and `request-body.ts`; nothing is read of a body that will not be taken. */
  async pass(token: string, incoming: HttpRequest): Promise<HandlerAnswer> {
    try {
      return await this.take(token, incoming);
    } catch (error) {
      this.watch.refused(error instanceof WaybillError ? error.code : 'INTERNAL');
      throw error;
    }
  }

  private async take(token: string, incoming: HttpRequest): Promise<HandlerAnswer> {
    const startedMs = performance.now();
    const source = await this.directory.atAddress(token, new Date());
    if (!source) throw new HookUnknownError();
    if (!source.enabled) throw new SourceClosedError();
    const head = headOf(incoming);
    const reason = strangerReason(source, head);
    const unread = { ...head, body: NOTHING };
    if (reason !== null) throw await this.refusalOf(source, unread, { ok: false, reason });
    const taking = this.requests.holding(source, incoming, async (request) => {
      const judged = await this.verifier.judge(source, request);
      if ('challenge' in judged) return judged.challenge;
      if (!judged.ok) throw await this.refusalOf(source, request, judged);
      const { taken, answer } = await this.receiver.receive(source, request, judged.eventId);
      this.watch.taken(taken, source.mode, performance.now() - startedMs);
      return answer;
    });
    return taking.catch(async (error: unknown) => {
      if (error instanceof UnreadRequestError)
        await this.refused.refuse(source, unread, { error, errorClass: error.errorClass, reason: error.verdict });
      throw error;
    });
  }

  private async refusalOf(
    source: InboundSource,
    request: RawRequest,
    { reason, unavailable }: Extract<Verified, { ok: false }>,
  ): Promise<WaybillError> {
    const error = unavailable ? new VerificationUnavailableError() : new WebhookRefusedError();
    await this.refused.refuse(source, request, { error, errorClass: unavailable ? 'transient' : 'auth', reason });
    return error;
  }
}
