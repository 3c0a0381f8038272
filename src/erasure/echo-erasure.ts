import { Injectable } from '@nestjs/common';
import { failureGroupIdOf } from '../insights/failures/failure-fold.js';
import { FailureGroupStore } from '../insights/failures/failure-group.store.js';
import { LogErasure } from '../logging/erasure/log-erasure.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { namesSubject } from '../retries/batches/batch-selection.js';
import type { RetryBatch } from '../retries/batches/retry-batch.js';
import { RetryBatchStore } from '../retries/batches/retry-batch.store.js';
import type { Subject } from './erasure.store.js';

const PAGE_SIZE = 200;

/** Takes the personal data out of what was made of logs: failure groups have their messages, batches of retries too. */
@Injectable()
export class EchoErasure {
  constructor(
    private readonly logs: LogErasure,
    private readonly groups: FailureGroupStore,
    private readonly batches: RetryBatchStore,
  ) {}

  /** Batches whose logs were searched for by the person. */
  async forgetSubject({ tenantId, field, value }: Subject): Promise<void> {
    for (let last: RetryBatch | null = null; ;) {
      const page: RetryBatch[] = await this.batches.list(tenantId, last, PAGE_SIZE);
      for (const { _id, selection } of page)
        if (namesSubject(selection, field, value)) await this.batches.forgetWords(_id, { withSearch: true });
      last = page.at(-1) ?? null;
      if (!last || page.length < PAGE_SIZE) return;
    }
  }

  async forgetLogs(logs: readonly IntegrationLog[]): Promise<void> {
    const logIds = logs.map(({ _id }) => _id);
    for (const batchId of await this.batches.forgetLogs(logIds))
      if (!(await this.batches.hasOthers(batchId, logIds)))
        await this.batches.forgetWords(batchId, { withSearch: false });
    const [first] = logs;
    if (!first) return;
    for (const batchId of await this.batches.ofNoneBut(first.tenantId, logIds))
      await this.batches.forgetWords(batchId, { withSearch: false });
  }

  /** The groups that tries of these logs are in, or were before they were retried. */
  async groupsOf(logs: readonly IntegrationLog[]): Promise<string[]> {
    return [...new Set((await this.logs.failuresOf(logs)).map(failureGroupIdOf))];
  }

  async deleteGroups(groupIds: readonly string[]): Promise<void> {
    if (groupIds.length > 0) await this.groups.deleteOnceEmpty(groupIds);
  }
}
