import { expect, test } from 'bun:test'
import {
  canonicalAddress,
  canonicalNetwork,
  containsNetwork,
  ipv4AtTheEnd,
  isInNetwork,
  type Network,
  networkOf,
  parseNetwork,
} from '../../src/protocols/ip-address.ts'

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

test('a network has one spelling, whoever writes it', () => {
  for (const [written, canonical] of [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['2001:DB8:1::/32', '2001:db8::/32'],
    ['2001:db8::7', '2001:db8::7/128'],
    ['::/0', '::/0'],
    ['fe80::1/10', 'fe80::/10'],
    ['::ffff:10.1.2.3', '10.1.2.3/32'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ] as const) {
    const network = parseNetwork(written)
    expect([written, network && canonicalNetwork(network)]).toEqual([written, canonical])
  }
  const nonsense = ['', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/8x', '10.0.0/8']
  const more = ['::/129', '::ffff:10.0.0.0/95', 'fe80::1%eth0/64', 'example.org', '10.0.0.0/0x8', '10.0.0.0/ 8']
  for (const text of [...nonsense, ...more]) expect([text, parseNetwork(text)]).toEqual([text, null])
})

test('an address is in a network or is not, in its own version', () => {
  const isIn = (network: string, address: string) => isInNetwork(parseNetwork(network) as Network, address)
  for (const [network, address, expected] of [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '192.0.2.1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    // Over a UNIX socket there is no address.
    ['0.0.0.0/0', '', false],
  ] as const) {
    expect([network, address, isIn(network, address)]).toEqual([network, address, expected])
  }
  const contains = (outer: string, inner: string) =>
    containsNetwork(parseNetwork(outer) as Network, parseNetwork(inner) as Network)
  expect(contains('10.0.0.0/8', '10.2.0.0/16')).toBe(true)
  expect(contains('10.0.0.0/8', '10.0.0.0/8')).toBe(true)
  expect(contains('10.2.0.0/16', '10.0.0.0/8')).toBe(false)
  expect(contains('10.0.0.0/8', '11.0.0.0/16')).toBe(false)
  expect(contains('::/0', '10.0.0.0/8')).toBe(false)
})
