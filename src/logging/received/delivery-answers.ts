import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import type { LogId, TenantId } from '../../common/ids.js';
import { Database } from '../../storage/database.js';
import type { AnsweredDelivery, DeliveryAnswer, IntegrationLog } from '../integration-log.js';
import { INTEGRATION_LOGS } from '../integration-log.collection.js';
import { changeOf, type ChangeToTell, kindsOf, tellingUpdate } from '../status-change.js';

/** Of one reference; the newest come first, and few are of another vendor. */
const MAX_LOOKED_AT = 20;
/** Of one delivery that are kept and told. */
const MAX_ANSWERS = 20;
/** Whoever moves the log meanwhile does so once. */
const MAX_ROUNDS = 10;
const SEQ_STEP = 0.001;

export interface WantedDelivery {
  readonly tenantId: TenantId;
  readonly vendor: string;
  /** As an integration names what it lifts from answers. */
  readonly extract: string;
  readonly reference: string;
}

/** Ties webhooks to the deliveries that they answer, in both logs. */
@Injectable()
export class DeliveryAnswers {
  private readonly logs: Collection<IntegrationLog>;

  constructor(database: Database) {
    this.logs = database.collection(INTEGRATION_LOGS);
  }

  /** The newest delivery that has lifted the reference, of the same vendor where there is one. */
  async find({ tenantId, vendor, extract, reference }: WantedDelivery): Promise<IntegrationLog | null> {
    const found = await this.logs
      .find({ tenantId, contextKeys: `extract.${extract}=${reference}`, direction: 'outbound' })
      .project<IntegrationLog>({ firstAttempt: 0 })
      .sort({ createdAt: -1, _id: -1 })
      .hint('newest_of_key')
      .limit(MAX_LOOKED_AT)
      .toArray();
    return found.find((log) => log.vendor === vendor) ?? found[0] ?? null;
  }

  /** Answers with whom to tell; `null` where nobody is, or it was remembered before. */
  async remember(delivery: IntegrationLog, answer: DeliveryAnswer): Promise<ChangeToTell | null> {
    let log: IntegrationLog | null = delivery;
    for (let round = 0; log && round < MAX_ROUNDS; round += 1) {
      const { _id, status, attemptCount, answeredBy = [] }: IntegrationLog = log;
      if (answeredBy.length >= MAX_ANSWERS || answeredBy.some(({ logId }) => logId === answer.logId)) return null;
      const at = new Date();
      const toTell = toTellOf(log, answer, at);
      const telling = tellingUpdate(toTell ?? undefined);
      const { matchedCount } = await this.logs.updateOne(
        {
          _id,
          status,
          attemptCount,
          ...(answeredBy.length === 0 ? NONE : { answeredBy: { $size: answeredBy.length } }),
        },
        {
          $set: { ...telling.set, updatedAt: at },
          $push: { answeredBy: { ...answer, at }, ...telling.push.$push },
        },
      );
      if (matchedCount === 1) return toTell;
      log = await this.logs.findOne({ _id }, { projection: { firstAttempt: 0 } });
    }
    return null;
  }

  async note(webhook: LogId, answers: AnsweredDelivery): Promise<void> {
    await this.logs.updateOne({ _id: webhook, erasedAt: { $exists: false } }, { $set: { answers } });
  }
}

const NONE = { answeredBy: { $exists: false } } as const;

function toTellOf(log: IntegrationLog, answer: DeliveryAnswer, at: Date): ChangeToTell | null {
  const kinds = kindsOf(log);
  if (kinds.length === 0) return null;
  const { attemptCount, answeredBy = [], status, retry } = log;
  const seq = 2 * attemptCount + (status === 'QUEUED' && retry ? 1 : 0) + SEQ_STEP * (answeredBy.length + 1);
  return { kinds, change: { ...changeOf(log, at, { seq, attemptCount }), answer } };
}
