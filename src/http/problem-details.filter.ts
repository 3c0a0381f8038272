import type { ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { ensureCallScope } from '../common/call-scope.js';
import { WaybillError } from '../common/waybill.error.js';
import { CORRELATION_HEADER } from './correlation.middleware.js';
import { type HttpRequest, pathOf } from './http-message.js';
import { problemOf } from './problem.js';
import { problemTypeOf } from './problem-types.js';

/** Answers every error as RFC 9457 problem details. What is unexpected is logged with its stack and told as a bare 500. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter<unknown> {
  private readonly log = new Logger(ProblemDetailsFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<ServerResponse>();
    const said = response.getHeader(CORRELATION_HEADER);
    const correlationId = typeof said === 'string' ? said : ensureCallScope().correlationId;
    const problem = problemOf(error, { instance: pathOf(http.getRequest<HttpRequest>()), correlationId });
    if (problem.status >= 500) this.report(error, problem.instance);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    this.setHeaders(response, problem.code, correlationId);
    if (error instanceof WaybillError && error.retryAfterSeconds !== undefined)
      response.setHeader('retry-after', String(error.retryAfterSeconds));
    response.statusCode = problem.status;
    response.end(JSON.stringify(problem));
  }

  private setHeaders(response: ServerResponse, code: string, correlationId: string): void {
    response.setHeader('content-type', 'application/problem+json; charset=utf-8');
    response.setHeader(CORRELATION_HEADER, correlationId);
    const { status, retryAfterSeconds, acceptEncoding } = problemTypeOf(code);
    if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="waybill"');
    if (acceptEncoding !== undefined) response.setHeader('accept-encoding', acceptEncoding);
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  }

  private report(error: unknown, path: string): void {
    const isError = error instanceof Error;
    this.log.error(`${path}: ${isError ? error.message : String(error)}`, isError ? error.stack : undefined);
  }
}
