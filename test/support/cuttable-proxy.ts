import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The two ends of a connection through the proxy. */
type Ends = readonly [incoming: Socket, outgoing: Socket];

/** A server's address that a test can take away and give back, without touching the server that other tests use. */
export class CuttableProxy {
  private readonly connections = new Set<Ends>();
  private isFrozen = false;
  private server: Server | null = null;
  private port = 0;

  private constructor(private readonly target: URL) {}

  static async to(uri: string): Promise<CuttableProxy> {
    const proxy = new CuttableProxy(new URL(uri));
    await proxy.restore();
    return proxy;
  }

  /** The target's URI with this proxy's address in it. */
  uri(database: string): string {
    return `${this.target.protocol}//127.0.0.1:${this.port}/${database}`;
  }

  /** Ends every connection and refuses new ones. */
  async cut(): Promise<void> {
    const { server } = this;
    this.server = null;
    for (const socket of [...this.connections].flat()) socket.destroy();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  async restore(): Promise<void> {
    this.server = createServer((incoming) => this.join(incoming)).listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (typeof address === 'object' && address) this.port = address.port;
  }

  /** Keeps connections open and takes new ones, but passes nothing on in either direction: a server that has stopped. */
  freeze(): void {
    this.isFrozen = true;
    for (const socket of [...this.connections].flat()) socket.unpipe().pause();
  }

  /** Passes on what has come meanwhile, and goes on. */
  thaw(): void {
    this.isFrozen = false;
    for (const ends of this.connections) pass(ends);
  }

  private join(incoming: Socket): void {
    const ends: Ends = [incoming, connect(Number(this.target.port), this.target.hostname)];
    this.connections.add(ends);
    for (const socket of ends) {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          this.connections.delete(ends);
          for (const end of ends) end.destroy();
        });
    }
    if (!this.isFrozen) pass(ends);
  }
}

const pass = ([incoming, outgoing]: Ends) => void incoming.pipe(outgoing).pipe(incoming);
