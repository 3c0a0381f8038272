import fc from 'fast-check';
import { AddressGuard } from './address-guard.js';
import { AddressRangeError } from './address-range.error.js';

const REFUSED = [
  ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '198.18.0.1', '192.0.2.1', '203.0.113.9', '224.0.0.1', '240.0.0.1'],
  ...['255.255.255.255', '::', '::1', 'fd00::1', 'fe80::1', 'ff02::1', '2001:db8::1', '64:ff9b::7f00:1'],
  ...['2002:7f00:1::', '2001::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:0:127.0.0.1'],
  // IPv4-compatible, site-local, local NAT64, discard, ORCHID, documentation, segment routing, never given out
  ...['::7f00:1', '::127.0.0.1', '::a00:1', '::2', 'fec0::1', '64:ff9b:1::1', '100::1', '2001:20::1', '3fff::1'],
  ...['5f00::1', '4000::1', 'e000::1', '1::1', '192.88.99.1', '192.0.0.8', '0.1.2.3', '::1%lo', 'fe80::1%eth0'],
];

describe('AddressGuard', () => {
  const guard = new AddressGuard([]);

  it.each(REFUSED)('refuses %s', (address) => expect(guard.allows(address)).toBe(false));

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('allows %s', (address) =>
    expect(guard.allows(address)).toBe(true),
  );

  it('refuses what is no address', () => {
    for (const text of ['', 'localhost', 'vendor.example', '010.0.0.1', '8.8', '0x8080808', 'fe80::1%eth-0.1'])
      expect(guard.allows(text)).toBe(false);
  });

  it('allows private addresses of the listed ranges only', () => {
    const lenient = new AddressGuard(['10.1.0.0/16', 'fd00::/8', '192.168.7.7', '::ffff:172.16.0.0/108']);
    const allowed = ['10.1.255.1', '::ffff:10.1.0.9', 'fd12::1', '192.168.7.7', '172.16.3.3'];
    for (const address of allowed) expect([address, lenient.allows(address)]).toEqual([address, true]);
    for (const address of ['10.2.0.1', '192.168.7.8', 'fe80::1', '127.0.0.1'])
      expect(lenient.allows(address)).toBe(false);
  });

  it.each(['10.0.0.0/33', 'example.com', '', '10.0.0.0/', '10.1', '0x7f000001', 'fd00::/129'])(
    'names the bad range "%s"',
    (range) => {
      expect(() => new AddressGuard(['10.0.0.0/8', range])).toThrow(AddressRangeError);
      expect(() => new AddressGuard([range])).toThrow(`"${range}"`);
    },
  );

  it('refuses every IPv6 address outside of global unicast', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        fc.pre(!/^[23][0-9a-f]{3}:/i.test(address) && !/^(0*:)*:?(0*:)*ffff:/i.test(address));
        expect([address, guard.allows(address)]).toEqual([address, false]);
      }),
    );
  });

  it('treats every IPv4 address and its mapped form alike', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(guard.allows(`::ffff:${address}`)).toBe(guard.allows(address));
      }),
    );
  });
});
