import { expect, test } from 'bun:test'
import { canonicalAddress, ipv4AtTheEnd, networkOf } from '../../src/protocols/ip-address.ts'

test('an address has one spelling, whoever writes it', () => {
  for (const [written, canonical] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:0:1', '0.0.0.1'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['2001:0db8::0007', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
    ['::', '::'],
    ['::ffff:1:2:3', '::ffff:1:2:3'],
  ] as const) {
    expect([written, canonicalAddress(written)]).toEqual([written, canonical])
  }
  for (const nonsense of ['', 'unknown', '192.0.2', '192.0.2.1:80', '[::1]', '::1/64', "' or 1=1", '2001:db8:::1']) {
    expect([nonsense, canonicalAddress(nonsense)]).toEqual([nonsense, null])
  }
})

test('a limit is for an IPv4 address, or for the /64 of an IPv6 address', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::7', '2001:db8::/64'],
    ['2001:db8::ffff:1', '2001:db8::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['::1', '::/64'],
    ['', ''],
  ] as const) {
    expect([address, networkOf(address)]).toEqual([address, network])
  }
})

test('an IPv6 address may end in an IPv4 address', () => {
  for (const [address, inside] of [
    ['64:ff9b::808:808', '8.8.8.8'],
    ['64:ff9b::1', '0.0.0.1'],
    ['64:ff9b::', '0.0.0.0'],
    ['1:2:3:4:5:6:7f00:1', '127.0.0.1'],
  ] as const) {
    expect([address, ipv4AtTheEnd(address)]).toEqual([address, inside])
  }
})
