import http from 'node:http';
import { isIP } from 'node:net';
import { Axios } from 'axios';
import { Agent } from 'undici';
import { AddressGuard } from './address-guard.js';
import { guardedLookup, type ResolveAll } from './guarded-lookup.js';
import { outboundCodeOf, systemCodeOf } from './outbound-failure.js';
import { type Answer, outboundAdapter, statusOf } from './outbound.adapter.js';
import { type OutboundTls, TlsAgents } from './tls-agents.js';
import { OutboundRequestError } from './outbound-request.error.js';
import type { OutgoingBody } from './segmented-body.js';

type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

export interface OutboundRequest {
  readonly method: HttpMethod;
  /** Absolute, http or https, no user-info. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: OutgoingBody | string;
  /** For the whole call: name resolution, connection, headers and body. */
  readonly timeoutMs: number;
  /** Bytes that are read of the answer's body, after decompression. */
  readonly maxResponseBytes: number;
  /** A client certificate or private authorities; connections are shared only with calls of the same. */
  readonly tls?: OutboundTls;
}

export interface OutboundResponse {
  readonly status: number;
  /** Names in lower case; a header that came several times is joined by `, `. */
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** Whether there was more than `maxResponseBytes`. */
  readonly truncated: boolean;
  /** Bytes of `body`. */
  readonly sizeBytes: number;
  readonly durationMs: number;
}

export interface OutboundHttpOptions {
  /** Ranges that may be called although they are not public. */
  readonly allowCidrs: readonly string[];
  /** Resolves names; by default the system's resolver. */
  readonly resolve?: ResolveAll;
}

/** Connections to one host: above the concurrency of any one process, so that no call ever waits for another. */
const MAX_CONNECTIONS_PER_HOST = 1_024;
/** A connection that nobody used for so long is closed; sooner where the vendor's `Keep-Alive` header says so. */
const IDLE_MS = 15_000;
/** What tries to connect for longer will not; calls have bounds of their own. */
const CONNECT_TIMEOUT_MS = 60_000;

const DEFAULT_HEADERS = { 'User-Agent': 'Waybill', Accept: '*/*', 'Accept-Encoding': 'gzip, deflate, br' };

/**
 * Calls vendors: only addresses that the guard allows, no proxy from the environment, no redirect followed, one bound for
 * the time of the whole call and one for the size of the answer.
 *
 * Nothing is ever sent twice. In particular a kept connection that the vendor closes at the moment of sending gives
 * VENDOR_CONNECTION_CLOSED, since the vendor may have read the request: whether to send it again is for the caller.
 */
export class OutboundHttpClient {
  private readonly guard: AddressGuard;
  private readonly agent: Agent;
  private readonly tlsAgents: TlsAgents;
  private readonly axios: Axios;

  /** @throws AddressRangeError */
  constructor({ allowCidrs, resolve }: OutboundHttpOptions) {
    this.guard = new AddressGuard(allowCidrs);
    const options = {
      connections: MAX_CONNECTIONS_PER_HOST,
      keepAliveTimeout: IDLE_MS,
      // The time of a call is bounded as a whole.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { lookup: guardedLookup(this.guard, resolve), timeout: CONNECT_TIMEOUT_MS },
    };
    this.agent = new Agent(options);
    this.tlsAgents = new TlsAgents(options);
    // Not `axios.create`: the defaults of the library's instances would be merged into every call, and undone.
    this.axios = new Axios({ adapter: outboundAdapter(this.agent), headers: DEFAULT_HEADERS });
  }

  /**
   * Resolves with any answer, whatever its status.
   * @throws OutboundRequestError where there is none, or not all of it.
   */
  send(request: OutboundRequest): Promise<OutboundResponse> {
    return request.tls ? this.tlsAgents.use(request.tls, (agent) => this.call(request, agent)) : this.call(request);
  }

  private async call(request: OutboundRequest, agent?: Agent): Promise<OutboundResponse> {
    const startedAt = performance.now();
    const { host } = this.requireCallable(request);
    const { method, url, body: data, timeoutMs: timeout, maxResponseBytes: maxContentLength } = request;
    const headers = withoutDefaultType(request.headers);
    try {
      const own = agent ? { adapter: outboundAdapter(agent) } : {};
      const config = { method, url, headers, data, timeout, maxContentLength, ...own };
      const answer = await this.axios.request<Answer>(config);
      const durationMs = performance.now() - startedAt;
      return { status: answer.status, ...answer.data, sizeBytes: answer.data.body.length, durationMs };
    } catch (error) {
      throw failureOf(error, host, startedAt);
    }
  }

  /** Closes the kept connections; calls in progress break off. */
  close(): void {
    void this.agent.destroy();
    this.tlsAgents.close();
  }

  /** A literal address is never resolved, so the agent's lookup does not see it. */
  private requireCallable({ url: text, headers }: OutboundRequest): URL {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
      throw new OutboundRequestError('URL_INVALID', url?.host ?? '');
    }
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !this.guard.allows(literal)) throw new OutboundRequestError('ADDRESS_REFUSED', url.host);
    requireHeaders(headers, url.host);
    return url;
  }
}

/** axios would drop forbidden characters without a word, and so send something else than was signed. */
function requireHeaders(headers: OutboundRequest['headers'], host: string): void {
  try {
    for (const [name, value] of Object.entries(headers)) {
      http.validateHeaderName(name);
      http.validateHeaderValue(name, value);
    }
  } catch {
    throw new OutboundRequestError('REQUEST_INVALID', host);
  }
}

/** axios adds a content type to a POST without one; `false` keeps it from that. */
const withoutDefaultType = (headers: OutboundRequest['headers']) =>
  Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
    ? { ...headers }
    : { ...headers, 'Content-Type': false };

/** The error of the transport may hold the whole request, secrets and all: only its codes go on. */
function failureOf(error: unknown, host: string, startedAt: number): OutboundRequestError {
  const systemCode = systemCodeOf(error);
  const status = statusOf(error);
  return new OutboundRequestError(outboundCodeOf(systemCode), host, {
    ...(systemCode === undefined ? {} : { systemCode }),
    ...(status === undefined ? {} : { status }),
    durationMs: Math.round(performance.now() - startedAt),
  });
}
