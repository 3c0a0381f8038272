import { Injectable } from '@nestjs/common';
import { WebhookReplayer } from '../../retries/webhook-replayer.js';
import { WebhookReplay } from './webhook-replay.js';

/** Lets batches replay as a person does. */
@Injectable()
export class BatchReplays {
  constructor(replayer: WebhookReplayer, replays: WebhookReplay) {
    replayer.register((log, replayId, wanted) => replays.open(log, replayId, wanted));
  }
}
