/** Ends what a part has started, the last first, whether the part succeeds or fails. */
export class Scope {
  private readonly endings: (() => Promise<void>)[] = [];

  defer(ending: () => Promise<void>): void {
    this.endings.push(ending);
  }

  static async run<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
    const scope = new Scope();
    try {
      return await work(scope);
    } finally {
      await scope.end();
    }
  }

  /** One ending that fails does not keep the others from being tried. */
  private async end(): Promise<void> {
    for (const ending of this.endings.toReversed()) {
      await ending().catch((error: unknown) => console.error(`Cleaning up failed: ${String(error)}`));
    }
  }
}
