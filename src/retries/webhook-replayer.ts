import { Injectable } from '@nestjs/common';
import type { LogId } from '../common/ids.js';
import type { RetryRequest } from '../logging/integration-log.js';
import type { LogState } from '../logging/log-walk.js';

type Replays = (log: LogState, replayId: LogId, wanted: RetryRequest) => Promise<unknown>;

/** Whoever works on webhooks makes the log of a replay, QUEUED and due at once. */
@Injectable()
export class WebhookReplayer {
  private replays: Replays = () => Promise.reject(new Error('Nothing here works on webhooks'));

  /** For those who stand right of retries in the import order. */
  register(replays: Replays): void {
    this.replays = replays;
  }

  /** Doing it twice by one id makes one log. @throws NotReplayableError, RequestExpiredError, or others of stored requests */
  async open(log: LogState, replayId: LogId, wanted: RetryRequest): Promise<void> {
    await this.replays(log, replayId, wanted);
  }
}
