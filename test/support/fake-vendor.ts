import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface VendorRequest {
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Buffer;
  /** The body as JSON; `undefined` where it is none. */
  readonly json: unknown;
  readonly receivedAt: Date;
  /** The common name in the client's certificate; `null` where it showed none that the vendor trusts. */
  readonly clientName: string | null;
}

export interface VendorAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object;
}

/** Decides the answer to a request; `null` where it has dealt with the response itself, or lets the caller hang. */
export type VendorHabit = (
  request: VendorRequest,
  response: ServerResponse,
) => VendorAnswer | null | Promise<VendorAnswer | null>;

export interface FakeVendor {
  /** `http://127.0.0.1:<port>`, or `https:`, without a slash at its end. */
  readonly url: string;
  /** Everything it has received so far, oldest first; with `forgetful`, always empty. */
  readonly requests: VendorRequest[];
  /** What it answers from now on. At first: 200 with `{"ok":true}`. */
  answer(habit: VendorHabit | VendorAnswer): void;
  /** Resolves with the requests that match once there are enough of them: `count`, or one where a predicate is given. */
  waitFor(
    condition: number | ((request: VendorRequest) => boolean),
    timeoutMs?: number,
  ): Promise<readonly VendorRequest[]>;
  close(): Promise<void>;
}

export interface FakeVendorOptions {
  /** Makes it a server of HTTPS. */
  readonly tls?: https.ServerOptions;
  /** Keeps no requests: for more of them than memory is for. */
  readonly forgetful?: boolean;
}

/** A vendor's server on loopback that records what it receives and answers as told. */
export async function startFakeVendor({ tls, forgetful = false }: FakeVendorOptions = {}): Promise<FakeVendor> {
  const requests: VendorRequest[] = [];
  const waiting = new Set<() => void>();
  let habit: VendorHabit = () => ({ body: { ok: true } });

  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    void receive(incoming)
      .then((request) => {
        if (!forgetful) requests.push(request);
        for (const check of waiting) check();
        return habit(request, response);
      })
      .then((answer) => answer && send(response, answer))
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))));
  };
  const server = tls ? https.createServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The fake vendor has no port');

  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    requests,
    answer: (next) => {
      habit = typeof next === 'function' ? next : () => next;
    },
    waitFor: (condition, timeoutMs = DEFAULT_TIMEOUT_MS) => waitFor(requests, waiting, condition, timeoutMs),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function waitFor(
  requests: readonly VendorRequest[],
  waiting: Set<() => void>,
  condition: number | ((request: VendorRequest) => boolean),
  timeoutMs: number,
): Promise<readonly VendorRequest[]> {
  const matching = () => (typeof condition === 'number' ? requests : requests.filter(condition));
  const wanted = typeof condition === 'number' ? condition : 1;
  return new Promise((resolve, reject) => {
    const check = () => {
      if (matching().length < wanted) return;
      stop();
      resolve([...matching()]);
    };
    const stop = () => {
      waiting.delete(check);
      clearTimeout(timer);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`The vendor got ${matching().length} of ${wanted} requests in ${timeoutMs} ms`));
    }, timeoutMs);
    waiting.add(check);
    check();
  });
}

async function receive(incoming: IncomingMessage): Promise<VendorRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const body = bytes.toString('utf8');
  const { method = '', url = '', headers, socket } = incoming;
  const isKnown = socket instanceof TLSSocket && socket.authorized;
  const clientName = isKnown ? String(socket.getPeerCertificate().subject.CN) : null;
  return { method, url, headers, body, bytes, json: jsonOf(body), receivedAt: new Date(), clientName };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: VendorAnswer): void {
  const isText = typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(status, { ...(isText ? {} : { 'content-type': 'application/json' }), ...headers });
  response.end(isText ? body : JSON.stringify(body));
}
