import type { VendorRequest } from './fake-vendor.js';

/** The most calls that arrived within any span of that length. */
export function mostWithin(spanMs: number, requests: readonly VendorRequest[]): number {
  const times = requests.map(({ receivedAt }) => receivedAt.getTime());
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length));
}
