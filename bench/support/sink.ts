import { Child } from './child.js';
import { numberIn } from './child-messages.js';
import type { Scope } from './scope.js';

/** The vendor's process, as the bench sees it. */
export class Sink {
  private constructor(
    private readonly child: Child,
    readonly url: string,
  ) {}

  static async start(scope: Scope): Promise<Sink> {
    const { child, ready } = await Child.start({
      name: 'the sink',
      file: new URL('../processes/sink.js', import.meta.url),
    });
    scope.defer(() => child.stop());
    return new Sink(child, `http://127.0.0.1:${numberIn(ready, 'port')}`);
  }

  async reset(): Promise<void> {
    await this.child.call('reset', {}, 5_000);
  }

  /** When the first and the last of so many calls since the reset arrived. */
  async arrivals(count: number, timeoutMs: number): Promise<{ firstAtMs: number; lastAtMs: number }> {
    const answer = await this.child.call('await', { count }, timeoutMs);
    return { firstAtMs: numberIn(answer, 'firstAtMs'), lastAtMs: numberIn(answer, 'lastAtMs') };
  }

  /** Of the calls to /latency since the reset. */
  async latenciesMs(): Promise<number[]> {
    const { latenciesMs } = await this.child.call('latencies', {}, 10_000);
    return Array.isArray(latenciesMs) ? latenciesMs.map(Number) : [];
  }
}
