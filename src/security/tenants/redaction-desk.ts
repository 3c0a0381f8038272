import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { bounded } from '../../common/bounded.js';
import type { TenantId } from '../../common/ids.js';
import { NO_REDACTION, NO_RULES, RedactionRules, type RedactionSettings } from '../../common/redaction-rules.js';
import { TenantSettings } from './tenant-settings.js';

/** What is to be logged waits so long for the tenant's rules, and waits no more for so long once they could not be read. */
const PATIENCE_MS = 1_000;
/** Each holds what it captured, of up to 130 KiB. */
const MAX_WAITING = 1_000;

const isEmpty = ({ paths, names, patterns }: RedactionSettings) => paths.length + names.length + patterns.length === 0;

/** What a tenant wants hidden, and an integration or a decorated method beside it, as rules that are made once for many calls. */
@Injectable()
export class RedactionDesk {
  private readonly log = new Logger(RedactionDesk.name);
  private readonly made = new LRUCache<string, RedactionRules>({ max: 1_000 });
  private readonly lastRead = new LRUCache<TenantId, RedactionSettings>({ max: 10_000 });
  private readonly reading = new Map<TenantId, Promise<RedactionSettings | null>>();
  private waiting = 0;
  private awayUntilMs = 0;

  constructor(private readonly tenants: TenantSettings) {}

  async rulesFor(tenantId: TenantId, own: RedactionSettings = NO_REDACTION): Promise<RedactionRules> {
    return this.rulesOf(await this.tenants.redactionOf(tenantId), own);
  }

  /**
   * For those whose work goes on meanwhile: at once where they were read a moment ago, within a second in any case, and
   * never rejected. Where they cannot be read those that were read last count; `null`: they never were. A call without a tenant has only its own.
   */
  knownRulesFor(
    tenantId: TenantId | null,
    own: RedactionSettings,
  ): RedactionRules | null | Promise<RedactionRules | null> {
    if (tenantId === null) return this.rulesOf(NO_REDACTION, own);
    const current = this.tenants.currentRedactionOf(tenantId);
    if (current) this.lastRead.set(tenantId, current);
    const rulesOf = (settings: RedactionSettings | null) => settings && this.rulesOf(settings, own);
    const mayWait = this.waiting < MAX_WAITING && performance.now() >= this.awayUntilMs;
    if (current || !mayWait) return rulesOf(this.lastRead.get(tenantId) ?? null);
    this.waiting += 1;
    return this.read(tenantId)
      .finally(() => (this.waiting -= 1))
      .then(rulesOf);
  }

  private rulesOf(tenants: RedactionSettings, own: RedactionSettings): RedactionRules {
    if (isEmpty(tenants) && isEmpty(own)) return NO_RULES;
    const both = [tenants, own];
    const key = JSON.stringify(both);
    const rules = this.made.get(key) ?? new RedactionRules(both);
    this.made.set(key, rules);
    return rules;
  }

  private read(tenantId: TenantId): Promise<RedactionSettings | null> {
    const reading = this.reading.get(tenantId) ?? this.readOnce(tenantId).finally(() => this.reading.delete(tenantId));
    this.reading.set(tenantId, reading);
    return reading;
  }

  private async readOnce(tenantId: TenantId): Promise<RedactionSettings | null> {
    try {
      const settings = await bounded(this.tenants.redactionOf(tenantId), PATIENCE_MS, "Reading a tenant's rules");
      this.lastRead.set(tenantId, settings);
      return settings;
    } catch (error) {
      this.awayUntilMs = performance.now() + PATIENCE_MS;
      this.log.warn(`What tenant ${tenantId} wants hidden cannot be read: ${String(error)}`);
      return this.lastRead.get(tenantId) ?? null;
    }
  }
}
