import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AddressRangeError } from './address-range.error.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type AddressRange = readonly [Address, number];

/**
 * What IANA has given out as global unicast (RFC 4291, section 2.4). Outside of it ipaddr.js calls much unicast that is
 * not, such as the IPv4-compatible loopback `::7f00:1`.
 */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Says which IP addresses may be called: public unicast ones, and those of the allowed ranges. Loopback, private,
 * link-local (cloud metadata), carrier-grade NAT, multicast, reserved and tunnelling addresses (NAT64, 6to4, Teredo) are
 * none of them; an IPv4 address mapped into IPv6 counts as the IPv4 address that it is.
 */
export class AddressGuard {
  private readonly allowed: readonly AddressRange[];

  /** @throws AddressRangeError */
  constructor(allowCidrs: readonly string[]) {
    this.allowed = parseAddressRanges(allowCidrs);
  }

  /** False too for a text that is no IP address. */
  allows(address: string): boolean {
    if (isIP(address) === 0 || !ipaddr.isValid(address) || isIPv4Compatible(address)) return false;
    const parsed = ipaddr.process(address);
    return isPublic(parsed) || this.allowed.some((range) => matches(parsed, range));
  }
}

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST));

/** Deprecated (RFC 4291, section 2.5.5.1); ipaddr.js takes this one notation of it for the IPv4 address at its end. */
const isIPv4Compatible = (address: string): boolean => /^::\d+\./.test(address);

/** Whether a text is an IP address in one of the ranges; one mapped into IPv6 counts as the IPv4 address that it is. */
export const isWithin = (address: string, ranges: readonly AddressRange[]): boolean =>
  isIP(address) !== 0 && ipaddr.isValid(address) && ranges.some((range) => matches(ipaddr.process(address), range));

/** @throws AddressRangeError naming the first range that cannot be read. */
export const parseAddressRanges = (cidrs: readonly string[]) => cidrs.map(parseRange);

function parseRange(range: string): AddressRange {
  if (ipaddr.isValidCIDR(range)) {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress()
      ? [network.toIPv4Address(), Math.max(0, bits - 96)]
      : [network, bits];
  }
  if (!ipaddr.isValid(range) || (!range.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(range))) {
    throw new AddressRangeError(range);
  }
  const address = ipaddr.process(range);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function matches(address: Address, [network, bits]: AddressRange): boolean {
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}

/** Whether an address is in one of the ranges. @throws AddressRangeError */
export function isAddressIn(address: string, cidrs: readonly string[]): boolean {
  if (isIP(address) === 0 || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return parseAddressRanges(cidrs).some((range) => matches(parsed, range));
}
