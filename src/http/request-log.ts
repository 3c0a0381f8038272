import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { createPinoLogger } from '../common/pino-logger.js';
import { CORRELATION_HEADER } from './correlation.middleware.js';
import type { HttpRequest } from './http-message.js';

/** One line for each request: method, URL, status, milliseconds. The values of the query may be ids of patients and are left out. */
export function createRequestLog(level: string): HttpLogger {
  const entry = (request: HttpRequest, response: ServerResponse, { responseTime }: { responseTime: number }) => ({
    correlationId: response.getHeader(CORRELATION_HEADER),
    method: request.method,
    url: withoutValues(request.originalUrl ?? request.url ?? ''),
    status: response.statusCode,
    ms: Math.round(responseTime),
  });
  return pinoHttp<IncomingMessage>({
    logger: createPinoLogger(level, { mixin: () => ({ context: 'http' }) }),
    quietReqLogger: true,
    genReqId: () => '',
    customAttributeKeys: { reqId: 'request' },
    autoLogging: { ignore: ({ url }) => url?.startsWith('/health/') ?? false },
    customLogLevel: (_request, { statusCode }) => (statusCode >= 500 ? 'error' : 'info'),
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: entry,
    customErrorObject: (request, response, _error, value) => entry(request, response, value),
  });
}

function withoutValues(url: string): string {
  const [path = '', query] = url.split('?', 2);
  if (query === undefined) return path;
  return `${path}?${query.replace(/=[^&]*/g, '=')}`;
}
