import { Injectable } from '@nestjs/common';
import type { LogId, TenantId } from '../../common/ids.js';
import type { Integration } from '../../integrations/integration.js';
import { IntegrationDirectory } from '../../integrations/integration-directory.js';
import type { Attempt, IntegrationLog } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import { isWebhook, whyNoMore } from '../../logging/received/webhook-logs.js';
import { LogUnknownError } from '../../logging/log-unknown.error.js';
import { NotRetryableError } from '../../retries/not-retryable.error.js';
import { PreviewRuns, type PreviewedTry } from './preview-runs.js';
import { type PreviewWarning, PreviewWarnings } from './preview-warnings.js';
import { type WebhookOutlook, WebhookPreviewer } from './webhook-previewer.js';
import { diffOfRequests, type RequestDiff } from './request-diff.js';

export interface RetryPreview {
  readonly log: IntegrationLog;
  /** What the try would be made with. */
  readonly version: number | null;
  readonly next: PreviewedTry;
  /** The last try that made a request; `null` where none did. */
  readonly last: Attempt | null;
  /** `null` where there is nothing to compare. */
  readonly diff: RequestDiff | null;
  /** Why what was sent last can be compared in part only, or not at all. */
  readonly incomplete: string | null;
  readonly warnings: readonly PreviewWarning[];
  /** Only of a webhook. */
  readonly webhook: WebhookOutlook | null;
}

/** What a retry of a log would send now, beside what was sent last. Nothing is sent, and nothing is written. */
@Injectable()
export class DeliveryPreview {
  constructor(
    private readonly logs: IntegrationLogStore,
    private readonly directory: IntegrationDirectory,
    private readonly runs: PreviewRuns,
    private readonly warnings: PreviewWarnings,
    private readonly webhooks: WebhookPreviewer,
  ) {}

  /** @throws LogUnknownError, or NotRetryableError where no event caused the call. */
  async preview(tenantId: TenantId, logId: LogId): Promise<RetryPreview> {
    const log = await this.logs.find(tenantId, logId);
    if (!log) throw new LogUnknownError(logId);
    if (isWebhook(log)) return this.ofWebhook(log);
    if (log.eventId === null)
      throw new NotRetryableError(log, 'it records a call that no event caused, so there is nothing to rebuild');
    const integration = log.integrationId && (await this.directory.forDelivery(log.integrationId));
    const [next, attempts] = await Promise.all([this.runs.run(log, integration || null), this.logs.attemptsOf(log)]);
    const last = attempts.findLast(({ request }) => request !== null) ?? null;
    const diff =
      last?.request && next.request
        ? diffOfRequests(last.request, next.request, timestampHeadersOf(integration || null))
        : null;
    const facts = { log, integration: integration || null, attempts, last, next, diff };
    const version = integration ? integration.version : null;
    const warnings = await this.warnings.of(facts);
    return { ...facts, version, incomplete: incompleteOf(last, next), warnings, webhook: null };
  }

  private async ofWebhook(log: IntegrationLog): Promise<RetryPreview> {
    const whyNot = whyNoMore(log);
    if (whyNot) throw new NotRetryableError(log, whyNot);
    const [{ sourceVersion: version, outlook, refusal }, attempts] = await Promise.all([
      this.webhooks.preview(log),
      this.logs.attemptsOf(log),
    ]);
    const last = attempts.findLast(({ outcome }) => outcome !== 'running') ?? null;
    const succeeded = {
      code: 'not_failed',
      message: `The log is ${log.status}: it can be replayed, not retried`,
    } as const;
    const warnings = log.status === 'FAIL' ? [] : [succeeded];
    const next = { request: null, refusal };
    return { log, version, next, last, diff: null, incomplete: null, warnings, webhook: outlook };
  }
}

function timestampHeadersOf(integration: Integration | null): string[] {
  const header = integration?.auth.settings['timestampHeader'];
  return typeof header === 'string' ? [header] : [];
}

function incompleteOf(last: Attempt | null, next: PreviewedTry): string | null {
  if (!last?.request) return 'No try has made a request yet';
  if (last.request.body?.truncated || next.request?.body?.truncated)
    return 'The end of the body is not kept, so it is not compared';
  return null;
}
