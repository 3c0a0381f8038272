import { Readable } from 'node:stream';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { type Dispatcher, errors } from 'undici';
import { isRecord } from '../../common/primitives.js';
import { type BoundedBody, BoundedBodyReader } from './bounded-body.js';
import { SegmentedBody } from './segmented-body.js';

/** What the adapter gives as `data`. The headers are in it too, since axios would parse them once more. */
export interface Answer extends BoundedBody {
  readonly headers: Record<string, string>;
}

/** As Node's own client calls an answer that is no HTTP; undici's error has no code. */
const NO_HTTP = 'HPE_INVALID_CONSTANT';

/** The code of a call that used up its time, beside those of the system such as `ECONNRESET`. */
export const CALL_TIMED_OUT = 'WAYBILL_CALL_TIMED_OUT';

/**
 * The transport below axios: one request on a kept connection, one answer. It knows neither proxies nor redirects, reads
 * `maxContentLength` bytes at the most within `timeout` milliseconds for everything, and costs a third of axios's own. The
 * answer's `data` is an Answer. What breaks off after the headers rejects with their `status` on the error.
 */
export function outboundAdapter(dispatcher: Dispatcher): AxiosAdapter {
  return (config) =>
    new Promise((resolve, reject) => {
      const call = new Call(config, resolve, reject);
      try {
        dispatcher.dispatch(call.options, call);
      } catch (error) {
        call.fail(error);
      }
    });
}

/** A request and what becomes of it. */
class Call implements Dispatcher.DispatchHandler {
  private readonly timer: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | undefined;
  private answer: { status: number; headers: Record<string, string>; body: BoundedBodyReader } | undefined;
  private ended = false;

  constructor(
    private readonly config: InternalAxiosRequestConfig,
    private readonly resolve: (response: AxiosResponse<Answer>) => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.timer = setTimeout(() => this.fail({ code: CALL_TIMED_OUT }), config.timeout);
  }

  get options(): Dispatcher.DispatchOptions {
    const { url = '', data } = this.config;
    const { origin, pathname, search } = new URL(url);
    const body: Buffer | string | SegmentedBody | undefined = data;
    return {
      origin,
      path: `${pathname}${search}`,
      method: this.method,
      headers: headersToSend(this.config),
      body: body instanceof SegmentedBody ? Readable.from(body.chunks(), { objectMode: false }) : (body ?? null),
    };
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Its time was up before there was a connection: nothing of it is sent.
    if (this.ended) controller.abort(new Error('The call has ended'));
  }

  onResponseStart(_controller: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200 || this.ended) return;
    const joined = joinedHeaders(headers);
    const body = new BoundedBodyReader({
      encoding: this.method === 'HEAD' ? undefined : joined['content-encoding'],
      maxBytes: this.config.maxContentLength ?? 0,
      done: (read) => this.succeed(status, { ...read, headers: joined }),
      failed: (error) => this.fail(error),
    });
    this.answer = { status, headers: joined, body };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.ended) this.answer?.body.take(chunk, controller);
  }

  onResponseEnd(): void {
    if (!this.ended) this.answer?.body.end();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.fail(error instanceof errors.HTTPParserError ? { code: NO_HTTP } : error);
  }

  fail(cause: unknown): void {
    if (!this.end()) return;
    this.reject(Object.assign(new Error('The call broke off', { cause }), { status: this.answer?.status }));
  }

  private succeed(status: number, data: Answer): void {
    if (this.end(data.truncated)) this.resolve({ status, statusText: '', headers: {}, config: this.config, data });
  }

  /** Answers whether it had not ended before. What is still to come of it is dropped, with its connection. */
  private end(brokenOff = true): boolean {
    if (this.ended) return false;
    this.ended = true;
    clearTimeout(this.timer);
    if (!brokenOff) return true;
    this.answer?.body.drop();
    this.controller?.abort(new Error('The call has ended'));
    return true;
  }

  private get method(): Dispatcher.HttpMethod {
    return (this.config.method ?? 'get').toUpperCase();
  }
}

function headersToSend({ headers, data }: InternalAxiosRequestConfig): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') own[name] = value;
  if (data instanceof SegmentedBody) own['Content-Length'] = String(data.sizeBytes);
  return own;
}

function joinedHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    joined[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return joined;
}

export const statusOf = (error: unknown): number | undefined => {
  const status = isRecord(error) ? error['status'] : undefined;
  return typeof status === 'number' ? status : undefined;
};
