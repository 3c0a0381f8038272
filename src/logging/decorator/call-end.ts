/** What is told how a call ends; only the first of several ends counts. */
export interface CallEnd {
  succeeded(result: unknown): void;
  failed(error: unknown): void;
  /** Runs what still belongs to the call within its scope. */
  within<T>(run: () => T): T;
}
