import { Inject, Injectable } from '@nestjs/common';
import { FairByteBudget } from '../../common/fair-byte-budget.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { HttpRequest } from '../../http/http-message.js';
import type { RawRequest } from '../../logging/received/raw-request.js';
import type { InboundSource } from '../sources/inbound-source.js';
import { headOf } from './raw-request-of.js';
import { readRequestBody } from './request-body.js';
import { SourceRate } from './source-rate.js';

/** Reads requests, as often and as large as their source takes them, and no more at once than their source has room for. */
@Injectable()
export class HookRequests {
  private readonly room: FairByteBudget;

  constructor(
    private readonly rate: SourceRate,
    @Inject(SETTINGS) { limits }: Settings,
  ) {
    this.room = new FairByteBudget(limits.webhookBytes);
  }

  /**
   * Does something with a request, whose body has its room until that is done.
   * @throws HookRateExceededError, or the errors of `readRequestBody`
   */
  async holding<T>(source: InboundSource, incoming: HttpRequest, use: (request: RawRequest) => Promise<T>): Promise<T> {
    await this.rate.take(source);
    const room = this.room.open(source._id);
    try {
      const body = await readRequestBody(incoming, source.maxBytes, room);
      return await use({ ...headOf(incoming), body });
    } finally {
      room.release();
    }
  }
}
