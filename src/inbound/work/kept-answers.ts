import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import type { LogId } from '../../common/ids.js';
import { isRecord } from '../../common/primitives.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import { ReceivedRequestStore } from '../../logging/received/received-request.store.js';
import { contentOf } from '../handlers/answer-content.js';
import type { HandlerAnswer } from '../handlers/received-webhook.js';

const MAX_BYTES = 64 * 1_024;
const KEEP_TIMEOUT_MS = 2_000;

/** What callers of `sync` sources were answered, whole, for equal webhooks that come later. */
@Injectable()
export class KeptAnswers {
  private readonly log = new Logger(KeptAnswers.name);

  constructor(private readonly received: ReceivedRequestStore) {}

  /** In place of what was kept of an earlier try; the try is recorded whether or not it can be kept. */
  async keep(log: IntegrationLog, request: RawRequest, answer: HandlerAnswer): Promise<void> {
    const { text, contentType } = contentOf(answer);
    const isKept = Buffer.byteLength(text ?? '') <= MAX_BYTES;
    const bytes = Buffer.from(JSON.stringify(isKept ? { status: answer.status, contentType, text } : null));
    const keeping = this.received.keepAnswer(log, request.receivedAt, bytes);
    await bounded(keeping, KEEP_TIMEOUT_MS, 'Keeping the answer of a webhook').catch((error: unknown) =>
      this.log.warn(`The answer of webhook ${log._id} is not kept: ${String(error)}`),
    );
  }

  /** `null` where none is kept, or it was too large. */
  async find(logId: LogId): Promise<HandlerAnswer | null> {
    const bytes = await this.received.findAnswer(logId);
    const kept: unknown = bytes && JSON.parse(bytes.toString('utf8'));
    if (!isRecord(kept) || typeof kept['status'] !== 'number') return null;
    const { status, contentType, text } = kept;
    return typeof contentType === 'string'
      ? { status, headers: { 'content-type': contentType }, body: text }
      : { status, body: undefined };
  }
}
