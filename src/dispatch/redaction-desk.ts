import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { NO_REDACTION, NO_RULES, RedactionRules } from '../common/redaction-rules.js';
import type { Integration } from '../integrations/integration.js';
import { TenantSettings } from '../security/tenants/tenant-settings.js';

/** What tenant and integration want hidden, as rules that are made once for all their tries. */
@Injectable()
export class RedactionDesk {
  private readonly made = new LRUCache<string, RedactionRules>({ max: 1_000 });

  constructor(private readonly tenants: TenantSettings) {}

  async rulesFor({ tenantId, redaction = NO_REDACTION }: Integration): Promise<RedactionRules> {
    const both = [await this.tenants.redactionOf(tenantId), redaction];
    if (both.every(({ paths, names, patterns }) => paths.length + names.length + patterns.length === 0))
      return NO_RULES;
    const key = JSON.stringify(both);
    const rules = this.made.get(key) ?? new RedactionRules(both);
    this.made.set(key, rules);
    return rules;
  }
}
