import { Injectable } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import type { LogGroup } from '../../logging/log-walk.js';
import { type TryOwner, TryOwners } from '../../scheduling/try-owners.js';
import { DEFAULT_RETENTION, daysBefore } from '../../security/tenants/retention.js';
import { TenantSettings } from '../../security/tenants/tenant-settings.js';
import type { Chosen } from './batch-selection.js';

export const MAX_BATCH_LOGS = 100_000;

/** What to know of logs before a batch of them is started. */
@Injectable()
export class BatchWarnings {
  constructor(
    private readonly owners: TryOwners,
    private readonly tenants: TenantSettings,
  ) {}

  async of(tenantId: TenantId, chosen: Chosen, groups: readonly LogGroup[]): Promise<string[]> {
    const names = new Map(groups.map(({ integrationId, integrationName }) => [integrationId, integrationName]));
    const ofIntegrations = await Promise.all(
      [...names].map(async ([id, name]) => ofOwner(name, id && (await this.owners.find(id)))),
    );
    const unknown = countOf(groups.filter(({ errorClass }) => errorClass === 'unknown'));
    return [
      ...(countOf(groups) > MAX_BATCH_LOGS ? [`More than ${MAX_BATCH_LOGS} logs: too many for one batch`] : []),
      ...ofOthers(chosen, countOf(groups)),
      ...ofIntegrations.flat(),
      ...(unknown > 0 ? [`Of ${unknown} logs nobody knows whether the vendor took the last try`] : []),
      ...(chosen.replays ? await this.ofExpired(tenantId, groups) : []),
    ];
  }

  private async ofExpired(tenantId: TenantId, groups: readonly LogGroup[]): Promise<string[]> {
    const { bodyDays } = await this.tenants.retentionOf(tenantId).catch(() => DEFAULT_RETENTION);
    const since = daysBefore(new Date(), bodyDays);
    if (groups.every(({ oldestAt }) => oldestAt >= since)) return [];
    return [`Requests are kept for ${bodyDays} days: webhooks that came before ${since.toISOString()} are skipped`];
  }
}

const countOf = (groups: readonly LogGroup[]) => groups.reduce((sum, { count }) => sum + count, 0);

function ofOthers({ selection, replays }: Chosen, count: number): string[] {
  const left = selection.kind === 'ids' ? selection.logIds.length - count : 0;
  if (left === 0) return [];
  return [
    replays
      ? `${left} of the logs cannot be replayed by this batch: they have not SUCCEEDed, or are not there`
      : `${left} of the logs cannot be retried: they have not FAILed, are resolved, or are not there`,
  ];
}

function ofOwner(name: string, owner: TryOwner | null): string[] {
  if (!owner) return [`"${name}" was deleted: its logs are skipped`];
  if (!owner.enabled) return [`"${name}" is disabled: its logs are skipped until it is enabled`];
  return owner.pause ? [`"${name}" is paused: its logs wait until it is resumed`] : [];
}
