import { groupBy } from './group-by.js';
import type { LogView } from '../client/views.js';
import type { Expectation } from './evidence.js';

type StatusCounts = Record<LogView['status'], number>;

/** How the story ended: what `--json` prints. */
export interface StoryResult {
  readonly ok: boolean;
  readonly expectations: readonly Expectation[];
  readonly statuses: Readonly<StatusCounts>;
  readonly integrations: Readonly<Record<string, StatusCounts>>;
}

const countStatuses = (logs: readonly LogView[]): StatusCounts => ({
  QUEUED: logs.filter(({ status }) => status === 'QUEUED').length,
  SUCCESS: logs.filter(({ status }) => status === 'SUCCESS').length,
  FAIL: logs.filter(({ status }) => status === 'FAIL').length,
});

export function resultOf(expectations: readonly Expectation[], logs: readonly LogView[]): StoryResult {
  const byIntegration = groupBy(logs, ({ integrationName }) => integrationName);
  return {
    ok: expectations.length > 0 && expectations.every(({ ok }) => ok),
    expectations,
    statuses: countStatuses(logs),
    integrations: Object.fromEntries([...byIntegration].map(([name, own]) => [name, countStatuses(own)])),
  };
}

/** A story that broke off is a story whose first expectation, to end, did not hold. */
export const brokenOff = (error: unknown): StoryResult =>
  resultOf(
    [
      {
        name: 'the story comes to its end',
        ok: false,
        detail: error instanceof Error ? error.message : String(error),
      },
    ],
    [],
  );
