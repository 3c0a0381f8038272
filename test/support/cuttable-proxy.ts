import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A server's address that a test can take away and give back, without touching the server that other tests use. */
export class CuttableProxy {
  private readonly sockets = new Set<Socket>();
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
    for (const socket of this.sockets) socket.destroy();
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

  private join(incoming: Socket): void {
    const outgoing = connect(Number(this.target.port), this.target.hostname);
    for (const socket of [incoming, outgoing]) {
      this.sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          this.sockets.delete(socket);
          incoming.destroy();
          outgoing.destroy();
        });
    }
    incoming.pipe(outgoing).pipe(incoming);
  }
}
