/** Calls that a worker has in flight: Waybill's default, and the plain worker's too. */
export const CONCURRENCY = 200;
export const ROUNDS = 3;
/** Callers at the same time, in process and over HTTP. */
export const CLIENTS = 32;
const PAYLOAD_BYTES = 1_024;

/** A lab report's worth of JSON: `PAYLOAD_BYTES` long, together with what is given. */
export function payloadOf(own: Record<string, unknown>): Record<string, unknown> {
  const base = { resourceType: 'Patient', active: true, name: [{ family: 'Núñez', given: ['Ana'] }], ...own, text: '' };
  const missing = PAYLOAD_BYTES - Buffer.byteLength(JSON.stringify(base));
  return { ...base, text: 'x'.repeat(Math.max(0, missing)) };
}
