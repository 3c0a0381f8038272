import { constants } from 'node:os';
import { BenchFailure } from './bench-failure.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const controller = new AbortController();

/** Aborted by the first Ctrl-C: every wait of the bench ends, and what was started is cleaned up on the way out. */
export const interruption = controller.signal;

let interruptedCode: number | null = null;

/** The exit code of a bench that was interrupted, as shells report it; `null` where it was not. */
export const exitCodeOfInterruption = () => interruptedCode;

/** A second signal does not wait for the cleaning up. */
export function listenForSignals(): void {
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const code = 128 + constants.signals[signal];
      if (interruptedCode !== null) process.exit(code);
      interruptedCode = code;
      controller.abort(new BenchFailure('Interrupted; what was started is being stopped'));
    });
  }
}
