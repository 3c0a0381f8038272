import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { bounded } from '../../common/bounded.js';
import type { IntegrationId } from '../../common/ids.js';
import { LogWriter } from '../../logging/log-writer.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { WebhookCapture } from '../webhook-capture.js';
import { type Refusal, refusedLogOf } from './webhook-log.js';

const MINUTE_MS = 60_000;
/** Of one source in a minute in one process; more are counted only: anybody may send them. */
const LOGGED_A_MINUTE = 60;
/** So many in a minute are worth an alert. */
const BURST = 20;
const TOLD_SOURCES = 10_000;
const LOGGED_WITHIN_MS = 2_000;

/** Requests that were not taken: each leaves a log that says why, up to a number, and a burst of them a line for the operator. */
@Injectable()
export class RefusedWebhooks {
  private readonly log = new Logger(RefusedWebhooks.name);
  private readonly inMinute = new LRUCache<IntegrationId, { count: number }>({ max: TOLD_SOURCES, ttl: MINUTE_MS });

  constructor(
    private readonly writer: LogWriter,
    private readonly capture: WebhookCapture,
  ) {}

  async refuse(source: InboundSource, request: RawRequest, refusal: Refusal): Promise<void> {
    const recent = this.inMinute.get(source._id) ?? { count: 0 };
    if (recent.count === 0) this.inMinute.set(source._id, recent);
    recent.count += 1;
    if (recent.count === BURST)
      this.log.error(`Source ${source._id} refused ${BURST} requests within a minute; the last: ${refusal.reason}`);
    if (recent.count > LOGGED_A_MINUTE) return;
    const redactor = await this.capture.redactorFor(source);
    const captured = source.keepsRefusedBodies
      ? this.capture.request(request, redactor)
      : this.capture.requestWithoutBody(request, redactor);
    const log = refusedLogOf(source, request.receivedAt, captured, refusal);
    // Its caller waits, and is refused all the same.
    await bounded(this.writer.offer({ kind: 'opened', log }), LOGGED_WITHIN_MS, 'Logging a refused webhook').catch(
      (error: unknown) => this.log.warn(String(error)),
    );
  }
}
