import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { OutboundHttpClient, type OutboundRequest } from './outbound-http.client.js';
import { OutboundRequestError } from './outbound-request.error.js';

const LOOPBACK = ['127.0.0.0/8', '::1'];
const MIB = 1024 * 1024;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function vendor(
  answer: http.RequestListener,
): Promise<{ url: string; server: http.Server; calls: () => number; connections: () => number }> {
  let calls = 0;
  let connections = 0;
  const server = http.createServer((request, response) => {
    calls += 1;
    answer(request, response);
  });
  server.on('connection', () => (connections += 1));
  await listening(server);
  return { url: urlOf(server), server, calls: () => calls, connections: () => connections };
}

async function rawVendor(answer: (socket: Socket, received: Buffer) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (received) => answer(socket, received));
  });
  cleanups.push(() => sockets.forEach((socket) => socket.destroy()));
  await listening(server);
  return urlOf(server);
}

async function listening(server: net.Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    if (server instanceof http.Server) server.closeAllConnections();
  });
}

function urlOf(server: net.Server): string {
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('not listening');
  const { port }: AddressInfo = address;
  return `http://127.0.0.1:${port}/`;
}

function client(options: Partial<ConstructorParameters<typeof OutboundHttpClient>[0]> = {}): OutboundHttpClient {
  const made = new OutboundHttpClient({ allowCidrs: LOOPBACK, ...options });
  cleanups.push(() => made.close());
  return made;
}

const requestTo = (url: string, changes: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json', authorization: 'Bearer topsecret' },
  body: '{"secret":"topsecret"}',
  timeoutMs: 5_000,
  maxResponseBytes: MIB,
  ...changes,
});

async function failure(
  url: string,
  changes: Partial<OutboundRequest> = {},
  sender = client(),
): Promise<OutboundRequestError> {
  const error: unknown = await sender.send(requestTo(url, changes)).catch((caught: unknown) => caught);
  if (!(error instanceof OutboundRequestError)) throw new Error(`not refused: ${String(error)}`);
  expect(JSON.stringify([error.message, error.details, error.remedy, error.stack])).not.toContain('topsecret');
  expect(error.cause).toBeUndefined();
  return error;
}

describe('OutboundHttpClient', () => {
  it('sends what it is given and reads the answer', async () => {
    const seen: unknown[] = [];
    const { url } = await vendor((request, response) => {
      request
        .setEncoding('utf8')
        .on('data', (body: string) => seen.push(request.method, request.url, request.headers, body));
      request.on('end', () =>
        response.writeHead(201, { 'X-Id': '7', 'Set-Cookie': ['a=1', 'b=2'] }).end('{"ok":true}'),
      );
    });
    const answer = await client().send(requestTo(`${url}hook?x=1`, { method: 'PUT' }));
    expect(seen).toEqual([
      'PUT',
      '/hook?x=1',
      expect.objectContaining({ 'content-type': 'application/json', 'content-length': '22' }),
      '{"secret":"topsecret"}',
    ]);
    expect(answer).toMatchObject({
      status: 201,
      headers: { 'x-id': '7', 'set-cookie': 'a=1, b=2' },
      truncated: false,
      sizeBytes: 11,
    });
    expect(answer.body.toString()).toBe('{"ok":true}');
  });

  it('adds no content type and no body of its own', async () => {
    const { url } = await vendor((request, response) => response.end(JSON.stringify(request.headers)));
    for (const method of ['POST', 'GET', 'DELETE'] as const) {
      const answer = await client().send({ method, url, headers: {}, timeoutMs: 5_000, maxResponseBytes: MIB });
      expect(JSON.parse(answer.body.toString())).not.toHaveProperty('content-type');
    }
  });

  it('resolves for every status and keeps the connection', async () => {
    const { url, connections } = await vendor((request, response) =>
      response.writeHead(Number(request.url?.slice(1))).end('x'),
    );
    const sender = client();
    for (const status of [200, 204, 301, 304, 400, 401, 404, 429, 500, 503]) {
      expect(await sender.send(requestTo(`${url}${status}`))).toMatchObject({ status });
      // A connection is used again one turn later: until then its vendor may still close it.
      await nextTurn();
    }
    expect(connections()).toBe(1);
  });

  it('answers a redirect as it is and never follows it', async () => {
    const target = await vendor((_request, response) => response.end('reached'));
    const { url } = await vendor((_request, response) => response.writeHead(302, { location: target.url }).end());
    expect(await client().send(requestTo(url, { method: 'GET' }))).toMatchObject({
      status: 302,
      headers: { location: target.url },
    });
    expect(target.calls()).toBe(0);
  });

  it('ignores proxies of the environment', async () => {
    const proxy = await vendor((_request, response) => response.end('by proxy'));
    const { url } = await vendor((_request, response) => response.end('direct'));
    const before = { ...process.env };
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'npm_config_proxy'];
    for (const name of names) Object.assign(process.env, { [name]: proxy.url, [name.toLowerCase()]: proxy.url });
    Object.assign(process.env, { NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '' });
    try {
      const sender = client();
      expect((await sender.send(requestTo(url))).body.toString()).toBe('direct');
      expect(await failure(url.replace('http:', 'https:'), {}, sender)).toMatchObject({ code: 'VENDOR_TLS_FAILED' });
      expect(await failure('http://10.0.0.1/', {}, sender)).toMatchObject({ code: 'ADDRESS_REFUSED' });
    } finally {
      process.env = before;
    }
    expect(proxy.connections()).toBe(0);
  });

  describe('time', () => {
    const brief = { timeoutMs: 150 };

    it('ends a call whose vendor never answers', async () => {
      const { url } = await vendor(() => {});
      expect(await failure(url, brief)).toMatchObject({ code: 'VENDOR_TIMEOUT', retryable: true });
    });

    it('ends a call that hangs in the body, with its status', async () => {
      const { url } = await vendor(
        (_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('x'),
      );
      expect(await failure(url, brief)).toMatchObject({ code: 'VENDOR_TIMEOUT', details: { status: 200 } });
    });

    it('ends a call that trickles', async () => {
      const { url } = await vendor((_request, response) => {
        const drip = setInterval(() => response.write('x'), 10);
        response.on('close', () => clearInterval(drip));
      });
      expect(await failure(url, brief)).toMatchObject({ code: 'VENDOR_TIMEOUT' });
    });

    it('ends a call whose name is never resolved', async () => {
      const sender = client({ resolve: () => {} });
      expect(await failure('http://vendor.example/', brief, sender)).toMatchObject({ code: 'VENDOR_TIMEOUT' });
    });
  });

  describe('size', () => {
    it('reads no more than it may and drops the rest of 100 MiB', async () => {
      let written = 0;
      const { url } = await vendor((_request, response) => {
        const chunk = Buffer.alloc(MIB);
        const more = () => {
          while (written < 100 && response.writable) {
            written += 1;
            if (!response.write(chunk)) break;
          }
        };
        response.on('drain', more);
        more();
      });
      const answer = await client().send(requestTo(url, { maxResponseBytes: 1_000 }));
      expect(answer).toMatchObject({ status: 200, truncated: true, sizeBytes: 1_000 });
      expect(written).toBeLessThan(100);
    });

    it('does not call an answer of exactly the limit truncated', async () => {
      const { url } = await vendor((_request, response) => response.end('x'.repeat(1_000)));
      expect(await client().send(requestTo(url, { maxResponseBytes: 1_000 }))).toMatchObject({
        truncated: false,
        sizeBytes: 1_000,
      });
      expect(await client().send(requestTo(url, { maxResponseBytes: 999 }))).toMatchObject({
        truncated: true,
        sizeBytes: 999,
      });
      expect(await client().send(requestTo(url, { maxResponseBytes: 0 }))).toMatchObject({
        truncated: true,
        sizeBytes: 0,
      });
    });

    it('cuts a compression bomb after unpacking', async () => {
      const bomb = gzipSync(Buffer.alloc(200 * MIB));
      const { url } = await vendor((_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      );
      const before = process.memoryUsage().rss;
      expect(await client().send(requestTo(url))).toMatchObject({ truncated: true, sizeBytes: MIB });
      expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
    });

    it.each([
      ['gzip', gzipSync('plain')],
      ['deflate', deflateSync('plain')],
      ['br', brotliCompressSync('plain')],
    ])('unpacks %s', async (encoding, packed) => {
      const { url } = await vendor((_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(packed),
      );
      expect((await client().send(requestTo(url))).body.toString()).toBe('plain');
    });

    it('reads an empty answer that claims to be compressed', async () => {
      const { url } = await vendor((_request, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(),
      );
      expect(await client().send(requestTo(url))).toMatchObject({ status: 200, sizeBytes: 0 });
      expect(await client().send(requestTo(url, { method: 'HEAD' }))).toMatchObject({ status: 200, sizeBytes: 0 });
    });
  });

  describe('broken vendors', () => {
    it.each([
      ['closes before it answers', '', 'VENDOR_CONNECTION_CLOSED'],
      ['closes within its headers', 'HTTP/1.1 200 OK\r\ncontent-le', 'VENDOR_CONNECTION_CLOSED'],
      ['closes within its body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 'VENDOR_CONNECTION_CLOSED'],
      [
        'closes within a chunk',
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab',
        'VENDOR_CONNECTION_CLOSED',
      ],
      ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'VENDOR_ANSWER_UNREADABLE'],
      [
        'sends what is no gzip',
        'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nplain',
        'VENDOR_ANSWER_UNREADABLE',
      ],
    ])('says so of one that %s', async (_what, bytes, code) => {
      const url = await rawVendor((socket) => socket.end(bytes));
      expect(await failure(url)).toMatchObject({ code, retryable: true });
    });

    it('says so of one that refuses connections', async () => {
      const { url, server } = await vendor(() => {});
      server.close();
      expect(await failure(url)).toMatchObject({ code: 'VENDOR_UNREACHABLE', details: { systemCode: 'ECONNREFUSED' } });
    });

    it('says so of a name that does not exist', async () => {
      const sender = client({
        resolve: (_name, _options, callback) => callback(Object.assign(new Error(), { code: 'ENOTFOUND' }), []),
      });
      expect(await failure('http://vendor.example/', {}, sender)).toMatchObject({ code: 'VENDOR_DNS_FAILED' });
    });

    it('says so of one without TLS', async () => {
      const { url } = await vendor(() => {});
      expect(await failure(url.replace('http:', 'https:'))).toMatchObject({ code: 'VENDOR_TLS_FAILED' });
    });

    it('does not resend on a kept connection that was closed', async () => {
      let received = 0;
      const url = await rawVendor((socket) => {
        received += 1;
        if (received === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.resetAndDestroy();
      });
      const sender = client();
      await sender.send(requestTo(url));
      await nextTurn();
      expect(await failure(url, {}, sender)).toMatchObject({ code: 'VENDOR_CONNECTION_CLOSED' });
      expect(received).toBe(2);
    });
  });

  describe('addresses', () => {
    const strict = () => client({ allowCidrs: [] });

    it.each([
      ...[
        '127.0.0.1',
        'localhost',
        '[::ffff:127.0.0.1]',
        '0x7f000001',
        '2130706433',
        '127.1',
        '0177.0.0.1',
        '0.0.0.0',
        '[::1]',
      ],
      ...[
        '169.254.169.254',
        '10.1.2.3',
        '100.64.0.1',
        '[fd00::1]',
        '[64:ff9b::7f00:1]',
        '198.18.0.1',
        '192.0.2.1',
        '[::]',
      ],
      ...['[::127.0.0.1]', '[::7f00:1]', '[0:0:0:0:0:0:0:1]', '[fec0::1]', '[fe80::1]', '127.0.0.1.', '0', '①②⑦.⓪.⓪.①'],
      ...[
        '127。0。0。1',
        '%31%32%37.0.0.1',
        '0x7f.0x0.0x0.0x1',
        '017700000001',
        '2852039166',
        'LOCALHOST',
        'loc\u00adalhost',
      ],
    ])('refuses %s', async (host) => {
      const { url, calls } = await vendor((_request, response) => response.end('reached'));
      const target = url.replace('127.0.0.1', host);
      expect(await failure(target, {}, strict())).toMatchObject({ code: 'ADDRESS_REFUSED', retryable: false });
      expect(calls()).toBe(0);
    });

    it.each([
      [['93.184.216.34', '10.0.0.1']],
      [['10.0.0.1', '93.184.216.34']],
      [['2606:4700:4700::1111', '127.0.0.1']],
      [['93.184.216.34', '::1']],
      [['93.184.216.34', '::ffff:169.254.169.254']],
      [['93.184.216.34', 'nonsense']],
    ])('refuses a name that resolves to %j, whichever the socket would have tried first', async (addresses) => {
      const resolved = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const sender = client({ allowCidrs: [], resolve: (_name, _options, callback) => callback(null, resolved) });
      for (const scheme of ['http', 'https'])
        expect(await failure(`${scheme}://vendor.example/`, {}, sender)).toMatchObject({ code: 'ADDRESS_REFUSED' });
    });

    it('connects to the address that was checked, and asks for the name once in a call', async () => {
      const { url } = await vendor((request, response) => response.end(request.headers.host));
      let asked = 0;
      const sender = client({
        resolve: (_name, _options, callback) => {
          asked += 1;
          callback(null, [{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 }]);
        },
      });
      const target = url.replace('127.0.0.1', 'vendor.example');
      expect((await sender.send(requestTo(target))).body.toString()).toMatch(/^vendor\.example:\d+$/);
      await nextTurn();
      // The second call goes over the connection that is kept: it was checked when it was made.
      expect(await sender.send(requestTo(target))).toMatchObject({ status: 200 });
      expect(asked).toBe(1);
    });

    it('checks each connection anew, so that a name cannot be rebound', async () => {
      const { url } = await vendor((_request, response) => response.setHeader('connection', 'close').end('ok'));
      const answers = ['127.0.0.1', '10.0.0.1'];
      const asked: string[] = [];
      const sender = client({
        resolve: (name, _options, callback) => {
          asked.push(name);
          callback(null, [{ address: answers[asked.length - 1] ?? '', family: 4 }]);
        },
      });
      const target = url.replace('127.0.0.1', 'vendor.example');
      expect(await sender.send(requestTo(target))).toMatchObject({ status: 200 });
      expect(await failure(target, {}, sender)).toMatchObject({ code: 'ADDRESS_REFUSED' });
      expect(asked).toEqual(['vendor.example', 'vendor.example']);
    });

    it.each(['ftp://vendor.example/', 'nonsense', 'http://user:topsecret@vendor.example/', 'file:///etc/passwd', ''])(
      'refuses the URL %s',
      async (url) => {
        expect(await failure(url)).toMatchObject({ code: 'URL_INVALID', retryable: false });
      },
    );
  });

  it('refuses headers that would split the request', async () => {
    const { url, calls } = await vendor((_request, response) => response.end());
    expect(await failure(url, { headers: { 'x-a': 'topsecret\r\nx-b: c' } })).toMatchObject({
      code: 'REQUEST_INVALID',
    });
    expect(calls()).toBe(0);
  });
});
