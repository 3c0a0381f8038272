import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import { OutboundHttpClient } from './outbound-http.client.js';
import type { OutboundRequestError } from './outbound-request.error.js';
import type { Agent } from 'undici';
import { type OutboundTls, TlsAgents, type TlsMaterial } from './tls-agents.js';

const pem = (name: string) =>
  readFileSync(new URL(`../../../test/support/certificates/${name}.pem`, import.meta.url), 'utf8');

const AUTHORITY = pem('authority');
const CLIENT: TlsMaterial = { certificate: pem('client'), privateKey: pem('client.key'), ca: AUTHORITY };
const OTHER: TlsMaterial = { certificate: pem('other-client'), privateKey: pem('other-client.key'), ca: AUTHORITY };
const NOBODY: TlsMaterial = { certificate: null, privateKey: null, ca: AUTHORITY };

const tlsOf = (id: string, material: TlsMaterial): OutboundTls => ({ id, load: async () => material });

describe('calls with TLS credentials', () => {
  let server: https.Server;
  let url: string;
  const sockets = new Set<unknown>();

  beforeAll(async () => {
    const options = {
      cert: pem('server'),
      key: pem('server.key'),
      ca: AUTHORITY,
      requestCert: true,
      rejectUnauthorized: false,
    };
    server = https.createServer(options, (request, response) => {
      const { socket } = request;
      sockets.add(socket);
      const isKnown = socket instanceof TLSSocket && socket.authorized;
      response.end(isKnown ? socket.getPeerCertificate().subject.CN : 'nobody');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  beforeEach(() => sockets.clear());

  const request = { method: 'GET', headers: {}, timeoutMs: 5_000, maxResponseBytes: 1_000 } as const;

  it('show their own certificate, each on connections of its own that are kept', async () => {
    const client = new OutboundHttpClient({ allowCidrs: ['127.0.0.1/32'] });
    const call = async (id: string, material: TlsMaterial) => {
      const { body } = await client.send({ ...request, url, tls: tlsOf(id, material) });
      return body.toString();
    };
    expect(await call('a', CLIENT)).toBe('Lab 12');
    expect(await call('b', OTHER)).toBe('Lab 13');
    expect(await call('c', NOBODY)).toBe('nobody');
    expect(await call('a', CLIENT)).toBe('Lab 12');
    expect(await call('b', OTHER)).toBe('Lab 13');
    expect(sockets.size).toBe(3);
    client.close();
  });

  it('do not trust a private authority that they were not told of', async () => {
    const client = new OutboundHttpClient({ allowCidrs: ['127.0.0.1/32'] });
    const unknown: TlsMaterial = { ...CLIENT, ca: null };
    for (const tls of [{}, { tls: tlsOf('d', unknown) }]) {
      await expect(client.send({ ...request, url, ...tls })).rejects.toMatchObject({
        code: 'VENDOR_TLS_FAILED',
      } satisfies Partial<OutboundRequestError>);
    }
    client.close();
  });

  it('are guarded like all others', async () => {
    const client = new OutboundHttpClient({ allowCidrs: [] });
    for (const host of ['127.0.0.1', 'localhost']) {
      const refused = url.replace('127.0.0.1', host);
      await expect(client.send({ ...request, url: refused, tls: tlsOf('e', CLIENT) })).rejects.toMatchObject({
        code: 'ADDRESS_REFUSED',
      });
    }
    client.close();
  });
});

describe('the agents of TLS credentials', () => {
  it('are loaded once for many calls', async () => {
    const agents = new TlsAgents({});
    let loads = 0;
    const tls: OutboundTls = { id: 'a', load: async () => ((loads += 1), NOBODY) };
    const used = await Promise.all([1, 2, 3].map(() => agents.use(tls, async (agent) => agent)));
    expect([loads, new Set(used).size]).toEqual([1, 1]);
    agents.close();
  });

  it('are bounded: the one that was not used for longest is closed, but never in mid-call', async () => {
    const agents = new TlsAgents({}, { max: 2, idleMs: 60_000 });
    let end = () => undefined as void;
    let used: Agent | undefined;
    const running = agents.use(tlsOf('a', NOBODY), async (agent) => {
      used = agent;
      await new Promise<void>((resolve) => (end = resolve));
    });
    for (const id of ['b', 'c', 'd']) await agents.use(tlsOf(id, NOBODY), async () => undefined);
    expect([agents.size, used?.destroyed]).toEqual([2, false]);
    end();
    await running;
    expect(used?.destroyed).toBe(true);
    agents.close();
  });

  it('are closed once nobody has used them for a while', async () => {
    jest.useFakeTimers();
    const agents = new TlsAgents({}, { max: 2, idleMs: 1_000 });
    await agents.use(tlsOf('a', NOBODY), async () => undefined);
    jest.advanceTimersByTime(900);
    await agents.use(tlsOf('a', NOBODY), async () => undefined);
    jest.advanceTimersByTime(900);
    expect(agents.size).toBe(1);
    jest.advanceTimersByTime(100);
    expect(agents.size).toBe(0);
    jest.useRealTimers();
  });

  it('are tried again where their credentials could not be read', async () => {
    const agents = new TlsAgents({});
    const failing: OutboundTls = { id: 'a', load: () => Promise.reject(new Error('database away')) };
    await expect(agents.use(failing, async () => 'called')).rejects.toThrow('database away');
    expect(await agents.use(tlsOf('a', NOBODY), async () => 'called')).toBe('called');
    agents.close();
  });
});
