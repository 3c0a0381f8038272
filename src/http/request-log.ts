import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { CORRELATION_HEADER } from './correlation.middleware.js';
import { withoutHookSecret } from './hook-address.js';
import type { HttpRequest } from './http-message.js';

const ASKED_ALL_THE_TIME = /^\/(health\/|metrics(\?|$))/;

/**
 * One line for each request: method, URL, status, milliseconds, correlation id. Nothing else of a request is logged: its
 * headers hold keys, and its query and body may hold ids of patients. Runs after the correlation middleware.
 */
export function createRequestLog(logger: Logger): HttpLogger {
  const entry = (request: HttpRequest, response: ServerResponse, value: unknown) => ({
    context: 'http',
    method: request.method,
    url: withoutHookSecret(withoutValues(request.originalUrl ?? request.url ?? '')),
    status: response.statusCode,
    ms: millisecondsOf(value),
  });
  return pinoHttp({
    logger,
    // Else pino-http adds the whole request, its query included.
    quietReqLogger: true,
    quietResLogger: true,
    serializers: { req: () => undefined, res: () => undefined },
    wrapSerializers: false,
    genReqId: (_request, response) => String(response.getHeader(CORRELATION_HEADER)),
    customAttributeKeys: { reqId: 'correlationId' },
    autoLogging: { ignore: ({ url }) => url !== undefined && ASKED_ALL_THE_TIME.test(url) },
    customLogLevel: (_request, { statusCode }) => (statusCode >= 500 ? 'error' : 'info'),
    customSuccessMessage: () => 'request',
    customErrorMessage: () => 'request',
    customSuccessObject: entry,
    customErrorObject: (request, response, _error, value) => entry(request, response, value),
  });
}

function withoutValues(url: string): string {
  const [path = '', ...query] = url.split('?');
  return query.length === 0 ? path : `${path}?${query.join('?').replace(/=[^&]*/g, '=')}`;
}

const millisecondsOf = (value: unknown): number | null => {
  const time: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'responseTime') : null;
  return typeof time === 'number' ? Math.round(time) : null;
};
