import { Injectable } from '@nestjs/common';
import { BodyExpiry } from './body-expiry.js';
import { PayloadExpiry } from './payload-expiry.js';
import { RowExpiry } from './row-expiry.js';

/** The kinds of what is past its time. */
@Injectable()
export class RetentionExpiry {
  constructor(
    readonly rows: RowExpiry,
    readonly bodies: BodyExpiry,
    readonly payloads: PayloadExpiry,
  ) {}
}
