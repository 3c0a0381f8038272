// @ts-check

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * @param {(signal: typeof SIGNALS[number]) => void} listener
 * @returns {() => void} takes the listener away again
 */
export function onSignals(listener) {
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
