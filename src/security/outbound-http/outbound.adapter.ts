import http from 'node:http';
import https from 'node:https';
import { pipeline, Readable } from 'node:stream';
import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios';
import { isRecord } from '../../common/primitives.js';
import { type BoundedBody, readBoundedBody } from './bounded-body.js';
import { SegmentedBody } from './segmented-body.js';

export interface OutboundAgents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** What the adapter gives as `data`. The headers are in it too, since axios would parse them once more. */
export interface Answer extends BoundedBody {
  readonly headers: Record<string, string>;
}

/** The code of a call that used up its time, beside those of the system such as `ECONNRESET`. */
export const CALL_TIMED_OUT = 'WAYBILL_CALL_TIMED_OUT';

/**
 * The transport below axios: one request on a kept connection, one answer. It knows neither proxies nor redirects, reads
 * `maxContentLength` bytes at the most within `timeout` milliseconds for everything, and costs a quarter less than axios's
 * own. The answer's `data` is an Answer. What breaks off after the headers rejects with their `status` on the error.
 */
export function outboundAdapter(agents: OutboundAgents): AxiosAdapter {
  return async (config) => {
    const request = requestOf(config, agents);
    let timedOut = false;
    let status: number | undefined;
    const timer = setTimeout(() => {
      timedOut = true;
      request.destroy();
    }, config.timeout);
    try {
      const response = await responseTo(request, config);
      status = response.statusCode ?? 0;
      const body = await readBoundedBody(response, config.method ?? '', config.maxContentLength ?? 0);
      const data: Answer = { ...body, headers: headersOf(response) };
      return { status, statusText: '', headers: {}, config, data };
    } catch (cause) {
      const error = new Error('The call broke off', { cause });
      throw Object.assign(error, { status }, timedOut ? { code: CALL_TIMED_OUT, cause: undefined } : {});
    } finally {
      // A vendor may answer before it has read everything: the rest is not sent, and the connection is of no more use.
      if (!request.writableFinished) request.destroy();
      clearTimeout(timer);
    }
  };
}

function requestOf(config: InternalAxiosRequestConfig, agents: OutboundAgents): http.ClientRequest {
  const { method = 'GET', url = '' } = config;
  const headers = headersToSend(config);
  return url.toLowerCase().startsWith('https:')
    ? https.request(url, { method: method.toUpperCase(), headers, agent: config.httpsAgent ?? agents.https })
    : http.request(url, { method: method.toUpperCase(), headers, agent: agents.http });
}

function responseTo(request: http.ClientRequest, { data }: InternalAxiosRequestConfig): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    // After the answer has begun, an error of the request shows as an error of the answer.
    request.on('error', reject);
    request.once('response', resolve);
    if (!(data instanceof SegmentedBody)) request.end(data);
    else pipeline(Readable.from(data.chunks(), { objectMode: false }), request, (error) => error && reject(error));
  });
}

function headersToSend({ headers, data }: InternalAxiosRequestConfig): http.OutgoingHttpHeaders {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') own[name] = value;
  if (Buffer.isBuffer(data) || typeof data === 'string') own['Content-Length'] = String(Buffer.byteLength(data));
  if (data instanceof SegmentedBody) own['Content-Length'] = String(data.sizeBytes);
  return own;
}

function headersOf({ headers }: http.IncomingMessage): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    joined[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return joined;
}

export const statusOf = (error: unknown): number | undefined => {
  const status = isRecord(error) ? error['status'] : undefined;
  return typeof status === 'number' ? status : undefined;
};
