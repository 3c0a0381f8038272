import { Injectable } from '@nestjs/common';
import type { IntegrationLog } from '../../logging/integration-log.js';
import type { PreviewedTry } from './preview-runs.js';

/** What working on a webhook once more would do now. */
export interface WebhookOutlook {
  readonly handling: 'handler' | 'forward' | 'emit';
  readonly type: string;
  /** In one sentence. */
  readonly does: string;
  /** Of the actions that its mapping would emit, redacted as the log is; `null` where it has none. */
  readonly contexts: readonly unknown[] | null;
}

export interface PreviewedWebhook {
  readonly sourceVersion: number | null;
  readonly outlook: WebhookOutlook | null;
  readonly refusal: PreviewedTry['refusal'];
}

type Previews = (log: IntegrationLog) => Promise<PreviewedWebhook>;

/** Whoever works on webhooks says what it would do with one. */
@Injectable()
export class WebhookPreviewer {
  private previews: Previews = () => Promise.reject(new Error('Nothing here works on webhooks'));

  /** For those who stand right of dispatch in the import order. */
  register(previews: Previews): void {
    this.previews = previews;
  }

  preview(log: IntegrationLog): Promise<PreviewedWebhook> {
    return this.previews(log);
  }
}
