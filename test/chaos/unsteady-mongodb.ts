import { setTimeout as delay } from 'node:timers/promises';
import type { PrivateMongodb } from '../../scripts/services/index.mjs';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { mongodbUri, startPrivateMongodb } from '../support/services.js';

/** A MongoDB behind a proxy, to stop and to restart under load. */
export class UnsteadyMongodb {
  private count = 0;

  private constructor(
    private readonly proxy: CuttableProxy,
    /** Past the proxy. */
    readonly directUri: string,
    private readonly server: PrivateMongodb | null,
  ) {}

  /** Where the MongoDB of the test run is the user's own it is that one, which is never killed. */
  static async start(): Promise<UnsteadyMongodb> {
    const server = await startPrivateMongodb();
    if (!server)
      process.stdout.write('MONGODB_URI is a server of yours: its connections are cut where another would be killed\n');
    const directUri = server?.uri ?? mongodbUri();
    return new UnsteadyMongodb(await CuttableProxy.to(directUri), directUri, server);
  }

  /** How often its server was killed and came back. */
  get restarts(): number {
    return this.count;
  }

  uri(database: string): string {
    return this.proxy.uri(database);
  }

  /** Keeps its connections and takes new ones, but says nothing for so long. */
  async freeze(forMs: number): Promise<void> {
    this.proxy.freeze();
    await delay(forMs);
    this.proxy.thaw();
  }

  /** Kills it under whatever it is doing, and starts it again after so long. */
  async restart(afterMs: number): Promise<void> {
    await this.server?.kill();
    // A server that is gone refuses connections; the proxy alone would take them first.
    await this.proxy.cut();
    await delay(afterMs);
    await this.server?.start();
    await this.proxy.restore();
    if (this.server) this.count += 1;
  }

  async stop(): Promise<void> {
    await this.proxy.cut();
    await this.server?.stop();
  }
}
