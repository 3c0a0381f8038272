import { Injectable } from '@nestjs/common';
import { LateWatch } from './late-watch.js';

/** From here on being late is no longer a matter of a burst. */
const LATE_MS = 60_000;

/** Integrations and sources with something due; paused ones are left out, since a person knows of them. */
@Injectable()
export class LateDeliveries extends LateWatch {
  constructor() {
    super('Deliveries are late by', 'GET /v1/integrations/:id/traffic tells what holds them', LATE_MS);
  }
}
