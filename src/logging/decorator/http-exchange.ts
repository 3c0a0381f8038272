import { AsyncLocalStorage } from 'node:async_hooks';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { isRecord } from '../../common/primitives.js';

/** A request and its response, as the framework's adapter made them: of Express or of Fastify. */
export interface HttpExchange {
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, unknown>>;
}

interface Offer {
  readonly takenBy: object;
  readonly exchange: HttpExchange;
  taken: boolean;
}

const offers = new AsyncLocalStorage<Offer>();

/**
 * Stands on a decorated method as an interceptor, which Nest asks for calls that come from outside through a controller only,
 * and hands the request on to that very call: pipes and whatever the method calls itself do not get it.
 */
export class HttpExchangeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const http = context.switchToHttp();
    const [request, response]: unknown[] = [http.getRequest(), http.getResponse()];
    if (!isRecord(request) || !isRecord(response)) return next.handle();
    return offers.run({ takenBy: this, exchange: { request, response }, taken: false }, () => next.handle());
  }

  /** The exchange of the call that is about to run; `null` where none is for it. */
  take(): HttpExchange | null {
    const offer = offers.getStore();
    if (!offer || offer.taken || offer.takenBy !== this) return null;
    offer.taken = true;
    return offer.exchange;
  }
}
