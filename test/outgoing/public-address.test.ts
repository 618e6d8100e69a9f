import { expect, test } from 'bun:test'
import { isPublicAddress } from '../../src/outgoing/public-address.ts'

// biome-ignore format: one line a network
const HIDDEN = [
  '0.0.0.0', '10.1.2.3', '127.0.0.1', '127.255.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1',
  '100.64.0.1', '100.127.255.255', // carrier-grade NAT
  '169.254.169.254', '169.254.0.1', // link-local, and what clouds tell their machines
  '192.0.0.8', '192.0.0.170', '192.0.2.1', '198.51.100.1', '203.0.113.9', '192.88.99.1', '198.18.0.1', '198.19.255.255',
  '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::7f00:1', '::8.8.8.8', // unspecified, loopback, IPv4-compatible
  '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::a00:1', '64:ff9b::', '64:ff9b::1',
  '64:ff9b:1::8.8.8.8', '64:ff9b:1::1', '64:ff9b:0:0:0:1:808:808', // NAT64 of a network of one's own
  'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd12::1', 'fd00:ec2::254', 'ff02::1', 'ff0e::1',
  '100::1', '2001::1', '2001:0:7f00:1::', '2001:2::1', '2001:10::1', '2001:db8::1', '2002:7f00:1::', '2002:808:808::',
  '3fff::1', '4000::1', '5f00::1',
  'localhost', '', '127.1', '0x7f000001', '0177.0.0.1', '2130706433', '8.8.8.8.', '[2606:4700::1]', '8.8.8.8/32',
]
const PUBLIC = [
  ...['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.0.1.1', '198.17.0.1', '198.20.0.1'],
  ...['2606:4700::1', '2a00:1450:4007::1', '64:ff9b::8.8.8.8', '64:ff9b::808:808'],
]

for (const address of HIDDEN)
  test(`${address || 'nothing'} is not public`, () => expect(isPublicAddress(address)).toBe(false))
for (const address of PUBLIC) test(`${address} is public`, () => expect(isPublicAddress(address)).toBe(true))
