import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { asTenantId, type TenantId } from '../common/ids.js';
import type { IntegrationLog } from '../logging/integration-log.js';
import { INTEGRATION_LOGS } from '../logging/integration-log.collection.js';
import type { LogSpan } from '../logging/log-span.js';
import { Database } from '../storage/database.js';

/** Logs of one integration over some time. */
export interface LogRange extends LogSpan {
  readonly to: Date;
}

/** What is read of a log to sum it up. */
export type SpanLog = Pick<
  IntegrationLog,
  | '_id'
  | 'actionId'
  | 'integrationName'
  | 'vendor'
  | 'status'
  | 'errorClass'
  | 'errorCode'
  | 'errorMessage'
  | 'createdAt'
  | 'completedAt'
> & { readonly firstAttempt: { readonly durationMs: number } | null };

const FIELDS = {
  actionId: 1,
  integrationName: 1,
  vendor: 1,
  status: 1,
  errorClass: 1,
  errorCode: 1,
  errorMessage: 1,
  createdAt: 1,
  completedAt: 1,
  'firstAttempt.durationMs': 1,
} as const;

@Injectable()
export class SpanReader {
  private readonly logs: Collection<IntegrationLog>;

  constructor(database: Database) {
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  /** One after the other: there may be hundreds of thousands. */
  read({ tenantId, integrationId, from, to }: LogRange): AsyncIterable<SpanLog> {
    return this.logs
      .find({ tenantId, integrationId, createdAt: { $gte: from, $lt: to } })
      .project<SpanLog>(FIELDS)
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest_of_integration');
  }

  /** Who has logs: a walk along the index, one query for each. */
  async *integrations(only?: TenantId): AsyncIterable<Pick<LogSpan, 'tenantId' | 'integrationId'>> {
    let last: Pick<IntegrationLog, 'tenantId' | 'integrationId'> | null = null;
    for (;;) {
      last = await this.nextAfter(last, only);
      if (!last || (only !== undefined && last.tenantId !== only)) return;
      yield last;
    }
  }

  private async nextAfter(
    last: Pick<IntegrationLog, 'tenantId' | 'integrationId'> | null,
    from: TenantId = asTenantId(''),
  ): Promise<Pick<IntegrationLog, 'tenantId' | 'integrationId'> | null> {
    const find = (filter: object) =>
      this.logs
        .find(filter)
        .project<Pick<IntegrationLog, 'tenantId' | 'integrationId'>>({ _id: 0, tenantId: 1, integrationId: 1 })
        .sort({ tenantId: 1, integrationId: 1, createdAt: -1, _id: -1 })
        .hint('newest_of_integration')
        .limit(1)
        .next();
    if (!last) return find({ tenantId: { $gte: from } });
    const { tenantId, integrationId } = last;
    return (
      (await find({ tenantId, integrationId: { $gt: integrationId ?? '' } })) ?? find({ tenantId: { $gt: tenantId } })
    );
  }
}
