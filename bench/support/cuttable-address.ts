import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** An address of a server that can be taken away and given back, for the one who was given it only. */
export class CuttableAddress {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;

  private constructor(private readonly target: URL) {}

  static async of(uri: string): Promise<CuttableAddress> {
    const address = new CuttableAddress(new URL(uri));
    await address.restore();
    return address;
  }

  get uri(): string {
    const uri = new URL(this.target);
    uri.host = `127.0.0.1:${this.port}`;
    return uri.href;
  }

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
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        incoming.destroy();
        outgoing.destroy();
      });
    }
    incoming.pipe(outgoing).pipe(incoming);
  }
}
