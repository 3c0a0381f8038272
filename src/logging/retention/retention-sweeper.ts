import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { TenantId } from '../../common/ids.js';
import { Rounds } from '../../common/rounds.js';
import { ROLE, SETTINGS, type Settings } from '../../config/settings.js';
import type { Role } from '../../config/waybill-options.js';
import { daysBefore, DEFAULT_RETENTION } from '../../security/tenants/retention.js';
import type { Tenant } from '../../security/tenants/tenant.collection.js';
import { TenantService } from '../../security/tenants/tenant.service.js';
import { Database } from '../../storage/database.js';
import { insertMissing } from '../../storage/mongo-errors.js';
import { NO_TENANT } from '../integration-log.js';
import { RetentionExpiry } from './retention-expiry.js';
import { RETENTION_PROGRESS, type RetentionProgress } from './retention-progress.collection.js';

/** Less than a part of a round may take: what is not done then goes on in the next one. */
const ROUND_MS = 50_000;
const TENANTS_PAGE = 200;
/** Writers that still go by the days of before are done by then. */
const SETTLED_MS = 30_000;

type Keeper = Pick<Tenant, '_id' | 'retention' | 'retentionChangedAt'>;

/** Removes what is past its time, tenant by tenant, in every worker: whoever comes first to a tenant does it. */
@Injectable()
export class RetentionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger('Retention');
  private readonly progress: Collection<RetentionProgress>;
  private readonly rounds: Rounds;

  constructor(
    database: Database,
    private readonly tenants: TenantService,
    private readonly expiry: RetentionExpiry,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(ROLE) private readonly role: Role,
  ) {
    this.progress = database.collection(RETENTION_PROGRESS);
    const work = (stopping: AbortSignal) => this.sweep(AbortSignal.any([stopping, AbortSignal.timeout(ROUND_MS)]));
    const parts = [{ what: 'Removing what is past its time', work }];
    this.rounds = new Rounds(settings.retention.intervalMs, parts, this.log);
  }

  onApplicationBootstrap(): void {
    if (this.role !== 'api') this.rounds.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.rounds.stop();
  }

  /** One look at every tenant that is due. */
  async sweep(stopping: AbortSignal, now = new Date()): Promise<void> {
    await this.sweepTenant({ _id: NO_TENANT }, stopping, now);
    for (let after = ''; !stopping.aborted;) {
      const page = await this.tenants.list(after, TENANTS_PAGE);
      for (const tenant of page) await this.sweepTenant(tenant, stopping, now);
      const last = page.at(-1);
      if (!last || page.length < TENANTS_PAGE) break;
      after = last._id;
    }
    await this.expiry.payloads.deleteOrphanFiles(stopping);
  }

  private async sweepTenant(tenant: Keeper, stopping: AbortSignal, now: Date): Promise<void> {
    const progress = stopping.aborted ? null : await this.claim(tenant._id, now);
    if (!progress) return;
    const { bodyDays, rowDays } = tenant.retention ?? DEFAULT_RETENTION;
    await this.followChange(tenant, progress, bodyDays, { stopping, now });
    const rows = await this.expiry.rows.remove(tenant._id, daysBefore(now, rowDays), stopping);
    const bodies = await this.expiry.bodies.remove(progress, daysBefore(now, bodyDays), stopping);
    if (rows + bodies > 0)
      this.log.log(`Tenant ${tenant._id}: deleted ${rows} logs, looked through ${bodies} for bodies past their time`);
    // What was broken off is due again at once.
    if (stopping.aborted) await this.progress.updateOne({ _id: tenant._id }, { $set: { nextAt: now } });
  }

  private async followChange(
    { _id, retentionChangedAt }: Keeper,
    { payloadDays }: RetentionProgress,
    bodyDays: number,
    { stopping, now }: { stopping: AbortSignal; now: Date },
  ): Promise<void> {
    if (payloadDays === bodyDays || (retentionChangedAt && now.getTime() - retentionChangedAt.getTime() < SETTLED_MS))
      return;
    if (await this.expiry.payloads.follow(_id, bodyDays, stopping))
      await this.progress.updateOne({ _id }, { $set: { payloadDays: bodyDays } });
  }

  /** `null` where it is not due, or another process was first. */
  private async claim(_id: TenantId, now: Date): Promise<RetentionProgress | null> {
    const nextAt = new Date(now.getTime() + this.settings.retention.intervalMs);
    const claimed = await this.progress.findOneAndUpdate(
      { _id, nextAt: { $lte: now } },
      { $set: { nextAt } },
      { returnDocument: 'after' },
    );
    if (claimed) return claimed;
    const first: RetentionProgress = { _id, nextAt, bodiesUntil: new Date(0), walk: null, payloadDays: null };
    const there = await insertMissing(() => this.progress.insertOne(first));
    return there.size === 0 ? first : null;
  }
}
