import type { ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { runInCallScope } from '../common/call-scope.js';
import { newCorrelationId } from '../common/ids.js';
import type { HttpRequest } from './http-message.js';

export const CORRELATION_HEADER = 'x-correlation-id';
export const CORRELATION_FORM = /^[\w-]{8,64}$/;

/**
 * Ties everything done for a request together: takes the caller's `x-correlation-id` where it has 8 to 64 letters,
 * digits, `_` or `-`, makes a new one otherwise, and says it in the response.
 */
@Injectable()
export class CorrelationMiddleware implements NestMiddleware<HttpRequest, ServerResponse> {
  use(request: HttpRequest, response: ServerResponse, next: () => void): void {
    // The standalone server runs this for every route, and Waybill's own routes run it again: the first one counts.
    const chosen = response.getHeader(CORRELATION_HEADER) ?? request.headers[CORRELATION_HEADER];
    const correlationId = typeof chosen === 'string' && CORRELATION_FORM.test(chosen) ? chosen : newCorrelationId();
    response.setHeader(CORRELATION_HEADER, correlationId);
    runInCallScope({ correlationId }, next);
  }
}
