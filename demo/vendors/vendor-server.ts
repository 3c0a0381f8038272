import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { BODY_READERS, type BodyReader } from './body-readers.js';
import type { Credential, PresentedCredential } from './credential.js';
import type { Vendor, VendorAnswer } from './vendor.js';

/** One call in the vendor's own record: what the story checks Waybill's logs against. */
export interface ReceivedCall {
  readonly webhookId: string;
  readonly tryNumber: number;
  /** The lab whose credential came with it; `null` where the vendor asks for none. */
  readonly labId: string | null;
  readonly path: string;
  readonly body: unknown;
  /** The status that was answered; `null` for a connection that was closed instead. */
  readonly status: number | null;
  readonly accepted: boolean;
}

/** A vendor on the network: a plain HTTP server on loopback that checks credentials and remembers every call. */
export class VendorServer {
  readonly calls: ReceivedCall[] = [];
  readonly credentials: ReadonlyMap<string, Credential>;
  private readonly triesByDelivery = new Map<string, number>();
  private readonly reader: BodyReader;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(readonly vendor: Vendor) {
    const { credentials, labs, format = 'json' } = vendor;
    this.reader = BODY_READERS[format];
    this.credentials = new Map(credentials ? labs.map(({ id }) => [id, credentials(id)]) : []);
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error: unknown) => response.destroy(new Error(String(error))));
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  get accepted(): ReceivedCall[] {
    return this.calls.filter(({ accepted }) => accepted);
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error(`${this.vendor.name} is not listening`);
    return `http://127.0.0.1:${address.port}`;
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = (await buffer(request)).toString('utf8');
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', this.url);
    const labId = this.labOf({ headers: request.headers, query });
    const webhookId = String(request.headers['webhook-id']);
    const position = this.triesByDelivery.size;
    const tryNumber = (this.triesByDelivery.get(webhookId) ?? 0) + 1;
    this.triesByDelivery.set(webhookId, tryNumber);
    const body = this.reader.read(text);
    const answer = this.refusalOf(request, labId) ?? this.vendor.answer({ webhookId, path, body, tryNumber, position });
    const status = answer.kind === 'hang-up' ? null : answer.kind === 'refuse' ? answer.status : 200;
    const accepted = answer.kind === 'accept';
    this.calls.push({ webhookId, tryNumber, labId: labId ?? null, path, body, status, accepted });
    send(answer, response);
  }

  /** What every vendor checks before it looks at the content. */
  private refusalOf({ headers }: IncomingMessage, labId: string | null | undefined): VendorAnswer | null {
    if (labId === undefined) return { kind: 'refuse', status: 401, body: { error: 'unknown credential' } };
    const { mediaType } = this.reader;
    if (headers['content-type']?.split(';')[0]?.trim() === mediaType) return null;
    return { kind: 'refuse', status: 415, body: { error: `expected ${mediaType}` } };
  }

  /** `undefined`: nobody this vendor knows. */
  private labOf(presented: PresentedCredential): string | null | undefined {
    if (this.vendor.credentials === null) return null;
    return [...this.credentials].find(([, credential]) => credential.matches(presented))?.[0];
  }
}

function send(answer: VendorAnswer, response: ServerResponse): void {
  if (answer.kind === 'hang-up') {
    response.destroy();
    return;
  }
  const [status, headers] = answer.kind === 'refuse' ? [answer.status, answer.headers] : [200, {}];
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(answer.body ?? { status: 'ok' }));
}
