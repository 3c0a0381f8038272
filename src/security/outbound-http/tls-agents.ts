import { createSecureContext, rootCertificates } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { Agent } from 'undici';

/** What a caller shows of itself and whom it trusts; PEM. */
export interface TlsMaterial {
  readonly certificate: string | null;
  readonly privateKey: string | null;
  /** Trusted beside the public authorities. */
  readonly ca: string | null;
}

/** TLS credentials of a call. What is loaded for one `id` never changes. */
export interface OutboundTls {
  readonly id: string;
  load(): Promise<TlsMaterial>;
}

export interface TlsAgentLimits {
  readonly max: number;
  /** After so long without a call an agent is closed, with its connections. */
  readonly idleMs: number;
}

/** What all agents have in common. */
export type TlsAgentOptions = Omit<Agent.Options, 'connect'> & { readonly connect?: Readonly<Record<string, unknown>> };

interface Lease {
  readonly agent: Agent;
  calls: number;
  retired: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** Each has a key in clear and connections of its own: some dozens of kilobytes. */
const LIMITS: TlsAgentLimits = { max: 200, idleMs: 300_000 };

/**
 * An agent for each set of TLS credentials, so that no connection is ever shared between two of them. It is kept while it is
 * used; what has to give way is closed once its last call has ended.
 */
export class TlsAgents {
  private readonly leases: LRUCache<string, Promise<Lease>>;

  constructor(
    private readonly options: TlsAgentOptions,
    private readonly limits: TlsAgentLimits = LIMITS,
  ) {
    this.leases = new LRUCache({ max: limits.max, dispose: (lease) => void lease.then(retire, () => undefined) });
  }

  get size(): number {
    return this.leases.size;
  }

  /** Runs a call with the agent of these credentials. */
  async use<T>(tls: OutboundTls, call: (agent: Agent) => Promise<T>): Promise<T> {
    const lease = await this.leaseOf(tls);
    clearTimeout(lease.idle);
    lease.calls += 1;
    try {
      return await call(lease.agent);
    } finally {
      lease.calls -= 1;
      if (lease.retired) closeUnused(lease);
      else if (lease.calls === 0) lease.idle = setTimeout(() => this.leases.delete(tls.id), this.limits.idleMs).unref();
    }
  }

  /** Closes them all; calls in progress break off. */
  close(): void {
    for (const lease of this.leases.values())
      void lease.then(({ agent }) => void agent.destroy()).catch(() => undefined);
    this.leases.clear();
  }

  private leaseOf(tls: OutboundTls): Promise<Lease> {
    const kept = this.leases.get(tls.id);
    if (kept) return kept;
    const made = this.make(tls);
    this.leases.set(tls.id, made);
    made.catch(() => this.leases.delete(tls.id));
    return made;
  }

  /** The context is made once: with all public authorities in it, that takes longer than a handshake. */
  private async make(tls: OutboundTls): Promise<Lease> {
    const { certificate, privateKey, ca } = await tls.load();
    const secureContext = createSecureContext({
      ...(certificate === null ? {} : { cert: certificate }),
      ...(privateKey === null ? {} : { key: privateKey }),
      ...(ca === null ? {} : { ca: [...rootCertificates, ca] }),
    });
    const connect = { ...this.options.connect, secureContext };
    return { agent: new Agent({ ...this.options, connect }), calls: 0, retired: false, idle: undefined };
  }
}

function retire(lease: Lease): void {
  lease.retired = true;
  clearTimeout(lease.idle);
  closeUnused(lease);
}

function closeUnused({ agent, calls }: Lease): void {
  if (calls === 0) void agent.destroy();
}
