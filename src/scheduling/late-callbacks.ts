import { Injectable } from '@nestjs/common';
import { LateWatch } from './late-watch.js';

const LATE_MS = 60_000;

/** Receivers that should have been told something. What one has refused is due again later, and not late until then. */
@Injectable()
export class LateCallbacks extends LateWatch {
  constructor() {
    super('Status updates are late by', 'their receivers answer too slowly, or there are too few workers', LATE_MS);
  }
}
