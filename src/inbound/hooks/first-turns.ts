import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { bounded } from '../../common/bounded.js';
import { DeliveryOrder } from '../../dispatch/delivery-order.js';
import type { IntegrationLog } from '../../logging/integration-log.js';
import { FirstHandling } from '../../logging/received/first-handling.js';
import { DeliveryQueue } from '../../scheduling/delivery-queue.js';
import type { InboundSource } from '../sources/inbound-source.js';

/** One that has come at the same time, and is later, gives way as soon as it sees this one. */
const GIVES_WAY_WITHIN_MS = 500;
const LOOK_AGAIN_MS = 20;
/** Of each of two steps: its caller waits for an answer. */
const TIMEOUT_MS = 3_000;

/**
 * Whether a process may work on a webhook at once: not once a worker may soon take it for lost, and of webhooks with the
 * same ordering key only on one at a time, also where several processes do so.
 */
@Injectable()
export class FirstTurns {
  private readonly log = new Logger(FirstTurns.name);

  constructor(
    private readonly order: DeliveryOrder,
    private readonly firstHandling: FirstHandling,
    private readonly queue: DeliveryQueue,
  ) {}

  /** Whether a webhook that is stored may be worked on at once. Where not, it is in the lane, to be worked on in its turn. */
  async isNow(log: IntegrationLog, source: InboundSource, beginsBy: Date): Promise<boolean> {
    if ((await this.isItsTurn(log, source)) && Date.now() <= beginsBy.getTime()) return true;
    await bounded(this.giveWay(log), TIMEOUT_MS, 'Leaving a webhook to workers').catch((error: unknown) =>
      this.log.error(`Webhook ${log._id} is taken for one whose handling was begun: ${String(error)}`),
    );
    return false;
  }

  private async isItsTurn(log: IntegrationLog, source: InboundSource): Promise<boolean> {
    if (!source.traffic.ordering || !log.order) return true;
    const looking = bounded(this.isFirst(log, source), TIMEOUT_MS, 'Looking for what has to end before a webhook');
    return looking.catch((error: unknown) => this.cannotTell(log, error));
  }

  private cannotTell({ _id }: IntegrationLog, error: unknown): false {
    this.log.warn(`Webhook ${_id} is left to workers: ${String(error)}`);
    return false;
  }

  private async isFirst(log: IntegrationLog, source: InboundSource): Promise<boolean> {
    const until = performance.now() + GIVES_WAY_WITHIN_MS;
    for (;;) {
      const before = await this.order.whatIsBefore(log, source);
      if (before === null) return true;
      if (before === 'earlier' || performance.now() >= until) return false;
      await delay(LOOK_AGAIN_MS);
    }
  }

  private async giveWay(log: IntegrationLog): Promise<void> {
    const { _id: logId, integrationId, createdAt: dueAt } = log;
    await this.firstHandling.leaveToWorkers([log]);
    await this.order.letEarlierGo(log);
    if (integrationId) await this.queue.add([{ logId, integrationId, attempt: 1, dueAt }]);
  }
}
