import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { AddressGuard } from './address-guard.js';

/** The code of the error that a refused name gives, beside those of the system such as `ENOTFOUND`. */
export const ADDRESS_REFUSED = 'WAYBILL_ADDRESS_REFUSED';

/** Resolves all addresses of a name. Node's own `dns.lookup` is one. */
export type ResolveAll = (
  hostname: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void,
) => void;

/**
 * Resolves a name for the socket that is about to connect, and refuses it if any of its addresses is refused. The socket
 * connects to what was checked, so a name that answers differently the next time (rebinding) gains nothing.
 */
export function guardedLookup(guard: AddressGuard, resolve: ResolveAll = dns.lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error || !first) return callback(error ?? notFound(hostname), '', 0);
      if (!addresses.every(({ address }) => guard.allows(address))) return callback(refused(hostname), '', 0);
      if (options.all) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

const refused = (hostname: string) =>
  Object.assign(new Error(`${hostname} resolves to an address that is refused`), { code: ADDRESS_REFUSED });

const notFound = (hostname: string) => Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
