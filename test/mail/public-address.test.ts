import { expect, test } from 'bun:test'
import { isPublicAddress } from '../../src/mail/public-address.ts'

const HIDDEN = [
  ...[
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
  ],
  ...[
    '192.0.0.8',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
  ],
  ...['::', '::1', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '64:ff9b::7f00:1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1'],
  ...['2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', '4000::1', 'localhost', '', '127.1', '0x7f000001'],
]
const PUBLIC = ['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.63.0.1', '192.0.1.1', '2606:4700::1', '2a00:1450:4007::1']

for (const address of HIDDEN)
  test(`${address || 'nothing'} is not public`, () => expect(isPublicAddress(address)).toBe(false))
for (const address of PUBLIC) test(`${address} is public`, () => expect(isPublicAddress(address)).toBe(true))
