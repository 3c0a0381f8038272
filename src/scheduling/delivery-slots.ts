import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy, Inject } from '@nestjs/common';
import { GroupCommit } from '../common/group-commit.js';
import type { IntegrationId, TryId } from '../common/ids.js';
import { ROLE } from '../config/settings.js';
import type { Role } from '../config/waybill-options.js';
import { Admission, type Released, type ReleasedTry, type SlotOutcome, type SlotOwner } from './admission.js';
import { DeliveryQueue } from './delivery-queue.js';
import { type TryOwner, TryOwners } from './try-owners.js';

interface Return {
  readonly owner: SlotOwner;
  readonly released: ReleasedTry;
}

/** A third of the time that a report holds. */
const REPORT_EVERY_MS = 5_000;

/** A breaker of which nothing was heard for so long after it was due for a probe is another process's to tell of. */
const HEARSAY_MS = 120_000;

/** The slots that this process's tries hold: takes them back when a try has ended, and sees to what follows from it. */
@Injectable()
export class DeliverySlots implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly log = new Logger(DeliverySlots.name);
  /** Until when vendors are not to be called, as far as this process has heard. */
  private readonly noCallsUntil = new Map<IntegrationId, number>();
  /** Breakers that are not closed, and until when that is worth telling. */
  private readonly tellUntil = new Map<IntegrationId, number>();
  private reporting: NodeJS.Timeout | undefined;
  private readonly returns = new GroupCommit<Return, void>({
    maxBatch: 500,
    maxPending: 50_000,
    write: (returns) => this.takeBack(returns),
  });

  constructor(
    private readonly admission: Admission,
    private readonly queue: DeliveryQueue,
    private readonly owners: TryOwners,
    @Inject(ROLE) private readonly role: Role,
  ) {}

  onApplicationBootstrap(): void {
    if (this.role === 'api') return;
    this.report();
    this.reporting = setInterval(() => this.report(), REPORT_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.reporting);
    await this.returns.idle();
    if (this.role !== 'api') await this.admission.withdrawSlots().catch(() => undefined);
  }

  /** Why a try must not be made although it has its slot; `null` where nothing speaks against it. */
  whyNot({ _id, pause }: TryOwner): 'paused' | 'too-early' | null {
    if (pause) return 'paused';
    return (this.noCallsUntil.get(_id) ?? 0) > Date.now() ? 'too-early' : null;
  }

  /** How many integrations' breakers are open or being probed, as far as this process has heard. */
  openBreakers(now = Date.now()): number {
    for (const [id, until] of this.tellUntil) if (until < now) this.tellUntil.delete(id);
    return this.tellUntil.size;
  }

  /** Gives back a try's slot. Nobody waits for it: a slot that is lost on the way is found by its missing job. */
  giveBack(owner: SlotOwner, id: TryId, outcome: SlotOutcome): void {
    this.returns
      .submit({ owner, released: { id, outcome } })
      .catch((error: unknown) => this.log.warn(`The slot of ${id} is not given back yet: ${String(error)}`));
  }

  private async takeBack(returns: readonly Return[]): Promise<void[]> {
    const byIntegration = new Map<IntegrationId, { owner: SlotOwner; tries: ReleasedTry[] }>();
    for (const { owner, released } of returns) {
      const group = byIntegration.get(owner.integrationId) ?? { owner, tries: [] };
      group.tries.push(released);
      byIntegration.set(owner.integrationId, group);
    }
    await Promise.all(
      [...byIntegration.values()].map(async ({ owner, tries }) =>
        this.follow(owner, await this.admission.release(owner, tries)),
      ),
    );
    return returns.map(() => undefined);
  }

  private async follow({ integrationId, traffic }: SlotOwner, released: Released): Promise<void> {
    const { openForMs, openSinceMs, coolForMs, change } = released;
    const noCallsForMs = Math.max(openForMs, coolForMs);
    if (noCallsForMs > 0) this.noCallsUntil.set(integrationId, Date.now() + noCallsForMs);
    else this.noCallsUntil.delete(integrationId);
    if (openForMs > 0 || openSinceMs > 0) this.tellUntil.set(integrationId, Date.now() + openForMs + HEARSAY_MS);
    else this.tellUntil.delete(integrationId);
    if (change === 'opened')
      this.log.warn(`The breaker of ${integrationId} opened: too many of its calls fail; its deliveries wait`);
    if (change === 'closed') this.log.log(`The breaker of ${integrationId} closed: its vendor answers again`);
    if (traffic && openSinceMs >= traffic.breaker.disableAfterMs) void this.disable(integrationId, openSinceMs);
    await this.queue.queue(integrationId, released);
  }

  private async disable(integrationId: IntegrationId, openSinceMs: number): Promise<void> {
    try {
      const reason = `Its calls have failed for ${Math.round(openSinceMs / 3_600_000)} hours`;
      if (await this.owners.disable(integrationId, reason))
        this.log.error(`Integration ${integrationId} was disabled: ${reason}`);
    } catch (error) {
      this.log.warn(`Integration ${integrationId} is not disabled yet: ${String(error)}`);
    }
  }

  private report(): void {
    this.admission
      .reportSlots()
      .catch((error: unknown) => this.log.warn(`This worker's slots are not reported: ${String(error)}`));
  }
}
