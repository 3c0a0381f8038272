import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Integration } from '../../integrations/integration.js';
import { IntegrationDirectory } from '../../integrations/integration-directory.js';
import type { Attempt, IntegrationLog } from '../../logging/integration-log.js';
import { IntegrationLogStore } from '../../logging/integration-log.store.js';
import type { PreviewedTry } from './preview-runs.js';
import type { RequestDiff } from './request-diff.js';

export const PREVIEW_WARNINGS = [
  'not_failed',
  'integration_deleted',
  'integration_disabled',
  'integration_paused',
  'config_changed',
  'record_gone',
  'record_changed',
  'later_success',
  'outcome_unknown',
] as const;

/** What a person should know before a retry. */
export interface PreviewWarning {
  readonly code: (typeof PREVIEW_WARNINGS)[number];
  readonly message: string;
}

export interface PreviewFacts {
  readonly log: IntegrationLog;
  readonly integration: Integration | null;
  readonly attempts: readonly Attempt[];
  /** The last try that made a request. */
  readonly last: Attempt | null;
  readonly next: PreviewedTry;
  readonly diff: RequestDiff | null;
}

/** Ends of a try after which the vendor may have taken what it was sent. */
const MAYBE_TAKEN: ReadonlySet<string | null> = new Set([
  'VENDOR_TIMEOUT',
  'VENDOR_CONNECTION_CLOSED',
  'VENDOR_ANSWER_UNREADABLE',
  'SUCCESS_RULE_FAILED',
]);

/** What decides a request beside the record. */
const SHAPING = ['endpoint', 'mapping', 'attachments', 'auth'] as const;
/** What every version has of its own. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['version', 'updatedAt', 'updatedBy', 'pause', 'disabledReason']);

/** Looks for reasons to think twice before a log is retried. */
@Injectable()
export class PreviewWarnings {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly logs: IntegrationLogStore,
  ) {}

  async of(facts: PreviewFacts): Promise<PreviewWarning[]> {
    const changed = await this.changedSettings(facts);
    return [
      ...ofStatus(facts),
      ...ofIntegration(facts),
      ...ofSettings(facts, changed),
      ...ofRecord(facts, changed),
      ...(await this.ofLaterSuccess(facts)),
      ...ofOutcome(facts),
    ];
  }

  private async changedSettings({ integration, last }: PreviewFacts): Promise<string[]> {
    const sentWith = last?.integrationVersion ?? null;
    if (!integration || sentWith === null || sentWith === integration.version) return [];
    const before = await this.directory.findVersion(integration.tenantId, integration._id, sentWith);
    if (!before) return ['(its earlier version is not kept)'];
    const after = new Map<string, unknown>(Object.entries(integration));
    return Object.entries(before)
      .filter(([name, value]) => !BOOKKEEPING.has(name) && !isDeepStrictEqual(value, after.get(name)))
      .map(([name]) => name);
  }

  private async ofLaterSuccess({ log }: PreviewFacts): Promise<PreviewWarning[]> {
    const later = await this.logs.findLaterSuccess(log);
    if (!later) return [];
    const at = later.completedAt?.toISOString() ?? later.createdAt.toISOString();
    const message = `A later delivery of the same record to this integration succeeded at ${at}: log ${later._id}`;
    return [{ code: 'later_success', message }];
  }
}

function ofStatus({ log: { status } }: PreviewFacts): PreviewWarning[] {
  if (status === 'FAIL') return [];
  const message = `It is ${status}; only a log that FAILed can be retried`;
  return [{ code: 'not_failed', message }];
}

function ofIntegration({ integration, log }: PreviewFacts): PreviewWarning[] {
  if (!integration)
    return [{ code: 'integration_deleted', message: `The integration "${log.integrationName}" was deleted` }];
  const { enabled, disabledReason, pause } = integration;
  const why = disabledReason === null ? '' : `: ${disabledReason}`;
  return [
    ...(enabled ? [] : [{ code: 'integration_disabled' as const, message: `The integration is disabled${why}` }]),
    ...(pause
      ? [
          {
            code: 'integration_paused' as const,
            message: `The integration is paused since ${pause.at.toISOString()} by ${pause.by} (${pause.reason}): a retry waits until it is resumed`,
          },
        ]
      : []),
  ];
}

function ofSettings({ integration, last }: PreviewFacts, changed: readonly string[]): PreviewWarning[] {
  if (changed.length === 0) return [];
  const from = last?.integrationVersion ?? '?';
  const message = `The integration has changed since the last try, from version ${from} to ${integration?.version}: ${changed.join(', ')}`;
  return [{ code: 'config_changed', message }];
}

function ofRecord({ next, diff }: PreviewFacts, changed: readonly string[]): PreviewWarning[] {
  if (next.refusal?.errorCode === 'RECORD_GONE')
    return [{ code: 'record_gone', message: 'The record is gone: a retry would FAIL without a call' }];
  if (!diff?.changes.some(({ part }) => part === 'body' || part === 'url')) return [];
  const isConfig = SHAPING.some((name) => changed.includes(name));
  const message = isConfig
    ? 'What would be sent differs from what was sent; the settings that shape it have changed as well, so the record may be the same'
    : 'The record has changed since it was sent';
  return [{ code: 'record_changed', message }];
}

function ofOutcome({ attempts }: PreviewFacts): PreviewWarning[] {
  const open = attempts.filter(({ outcome, errorCode }) => outcome === 'unknown' || MAYBE_TAKEN.has(errorCode));
  if (open.length === 0) return [];
  const numbers = open.map(({ number }) => number).join(', ');
  const message = `Nobody knows what became of try ${numbers}: the vendor may have taken it. It can tell a retry by the same webhook-id`;
  return [{ code: 'outcome_unknown', message }];
}
