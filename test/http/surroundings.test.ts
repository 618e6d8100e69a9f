import { describe, expect, test } from 'bun:test'
import { loadConfig } from '../../src/config/config.ts'
import { hostName, surroundings } from '../../src/http/surroundings.ts'
import { testFolder } from '../support/folder.ts'

const world = (peer: string, environment: Record<string, string>, port = 8080) => {
  const { config, problems } = loadConfig({
    environment: { DATA_DIR: testFolder, ...environment },
    envFiles: [],
    readFile: () => '',
  })
  expect(problems).toEqual([])
  return surroundings(config, () => ({ requestIP: () => ({ address: peer }), port }))
}

const request = (headers: Record<string, string>) => new Request('http://localhost/', { headers })

describe('the client’s address', () => {
  const V4 = { TRUSTED_PROXIES: '10.0.0.0/8' }
  const V6 = { TRUSTED_PROXIES: 'fd00::/8, 10.0.0.1' }
  const chain = (value: string) => ({ 'x-forwarded-for': value })

  const table: [string, Record<string, string>, string, Record<string, string>, string][] = [
    ['is the peer’s when nobody is trusted', {}, '192.0.2.1', chain('203.0.113.9'), '192.0.2.1'],
    ['is the peer’s when the peer is no proxy', V4, '192.0.2.1', chain('203.0.113.9'), '192.0.2.1'],
    ['is the peer’s when the proxy says nothing', V4, '10.1.2.3', {}, '10.1.2.3'],
    ['is what the proxy says', V4, '10.1.2.3', chain('203.0.113.9'), '203.0.113.9'],
    ['of a peer in IPv6 clothes is its IPv4 address', {}, '::ffff:192.0.2.1', {}, '192.0.2.1'],
    ['is what a proxy in IPv6 clothes says', V4, '::ffff:10.1.2.3', chain('203.0.113.9'), '203.0.113.9'],
    ['is what a proxy in IPv6 clothes in hex says', V4, '::ffff:a01:203', chain('203.0.113.9'), '203.0.113.9'],
    ['is what an IPv6 proxy says', V6, 'fd12::1', chain('2001:db8::7'), '2001:db8::7'],
    ['is not what an IPv6 stranger says', V6, 'fe80::1', chain('2001:db8::7'), 'fe80::1'],
    ['is the last one that is no proxy', V4, '10.0.0.1', chain('198.51.100.1, 203.0.113.9, 10.0.0.2'), '203.0.113.9'],
    ['is not what the client wrote before it', V4, '10.0.0.1', chain('127.0.0.1, 203.0.113.9'), '203.0.113.9'],
    ['may be inside the trusted network itself', V4, '10.0.0.1', chain('10.9.9.9, 10.0.0.2'), '10.9.9.9'],
    ['may come with a port', V4, '10.0.0.1', chain('127.0.0.1, 203.0.113.9:4711'), '203.0.113.9'],
    ['may come in brackets with a port', V6, '10.0.0.1', chain('[2001:db8::7]:4711'), '2001:db8::7'],
    ['may come mapped, in hex', V4, '10.0.0.1', chain('127.0.0.1, ::FFFF:cb00:7109'), '203.0.113.9'],
    ['is never read beyond a hop that is no address', V4, '10.0.0.1', chain('127.0.0.1, unknown'), '10.0.0.1'],
    ['is never read beyond an empty hop', V4, '10.0.0.1', chain('127.0.0.1, '), '10.0.0.1'],
    ['is never read beyond nonsense', V4, '10.0.0.1', chain("127.0.0.1, ' or 1=1"), '10.0.0.1'],
    ['may stand in Forwarded', V4, '10.0.0.1', { forwarded: 'for=203.0.113.9;proto=https' }, '203.0.113.9'],
    ['may stand in Forwarded, quoted', V6, '10.0.0.1', { forwarded: 'for="[2001:db8::7]:47"' }, '2001:db8::7'],
    [
      'is the last one in Forwarded that is no proxy',
      V4,
      '10.0.0.1',
      { forwarded: 'for=127.0.0.1, for=203.0.113.9, for=10.0.0.2' },
      '203.0.113.9',
    ],
    [
      'is not what a client writes into Forwarded, past a proxy that writes the other header',
      V4,
      '10.0.0.1',
      { forwarded: 'for=127.0.0.1', ...chain('203.0.113.9') },
      '203.0.113.9',
    ],
  ]
  for (const [name, environment, peer, headers, address] of table) {
    test(name, () => expect(world(peer, environment).address(request(headers))).toBe(address))
  }

  test('of a UNIX socket is what whoever may open it says, once somebody is trusted', () => {
    expect(world('', V4).address(request(chain('203.0.113.9')))).toBe('203.0.113.9')
    expect(world('', {}).address(request(chain('203.0.113.9')))).toBe('')
  })
})

describe('the host', () => {
  test('loses its port and its capitals', () => {
    const table: [string, string][] = [
      ['LocalHost', 'localhost'],
      ['localhost:8080', 'localhost'],
      ['192.168.1.10:8080', '192.168.1.10'],
      ['[2001:DB8::1]:8080', '2001:db8::1'],
      ['[2001:db8::1]', '2001:db8::1'],
      ['', ''],
    ]
    for (const [host, name] of table) expect([host, hostName(host)]).toEqual([host, name])
  })

  test('is the forwarded one only from a trusted proxy', () => {
    const headers = { host: 'localhost', 'x-forwarded-host': 'Other.localhost:443' }
    expect(world('10.0.0.1', { TRUSTED_PROXIES: '10.0.0.1' }).host(request(headers))).toBe('other.localhost')
    expect(world('10.0.0.2', { TRUSTED_PROXIES: '10.0.0.1' }).host(request(headers))).toBe('localhost')
    expect(world('10.0.0.1', {}).host(request(headers))).toBe('localhost')
  })
})

describe('the scheme', () => {
  const proxied = { TRUSTED_PROXIES: '10.0.0.1' }
  const table: [string, Record<string, string>, string, Record<string, string>, 'http' | 'https'][] = [
    ['is http without a certificate', {}, '10.0.0.1', {}, 'http'],
    ['is not what a stranger says', proxied, '10.0.0.2', { 'x-forwarded-proto': 'https' }, 'http'],
    ['is what a trusted proxy says', proxied, '10.0.0.1', { 'x-forwarded-proto': 'https' }, 'https'],
    ['is what a trusted proxy says in Forwarded', proxied, '10.0.0.1', { forwarded: 'proto=https' }, 'https'],
    ['is never an invented one', proxied, '10.0.0.1', { 'x-forwarded-proto': 'javascript' }, 'http'],
    ['is https with a certificate', { TLS_CERT: '/c', TLS_KEY: '/k' }, '10.0.0.2', {}, 'https'],
  ]
  for (const [name, environment, peer, headers, scheme] of table) {
    test(name, () => expect(world(peer, environment).scheme(request(headers))).toBe(scheme))
  }
})

describe('the port of links', () => {
  const proxied = { TRUSTED_PROXIES: '10.0.0.1' }
  const table: [string, Record<string, string>, string, Record<string, string>, string][] = [
    ['is the one we listen on', {}, '192.0.2.1', { host: 'localhost:8080' }, ':8080'],
    ['is absent when the client names none', {}, '192.0.2.1', { host: 'localhost' }, ''],
    ['is not invented by the client', {}, '192.0.2.1', { host: 'localhost:666' }, ''],
    ['may be PUBLIC_PORT', { PUBLIC_PORT: '8443' }, '192.0.2.1', { host: 'localhost:8443' }, ':8443'],
    ['is the proxy’s', proxied, '10.0.0.1', { host: 'localhost:9000' }, ':9000'],
    ['is the forwarded host’s', proxied, '10.0.0.1', { host: 'x', 'x-forwarded-host': 'localhost:9001' }, ':9001'],
    ['is the forwarded port', proxied, '10.0.0.1', { host: 'localhost', 'x-forwarded-port': '9002' }, ':9002'],
    ['is not a forwarded one of a stranger', proxied, '10.0.0.2', { host: 'x', 'x-forwarded-port': '9002' }, ''],
    ['is never text', proxied, '10.0.0.1', { host: 'x', 'x-forwarded-port': '80.evil.example/' }, ''],
    ['is left out when the scheme implies it', proxied, '10.0.0.1', { host: 'x', 'x-forwarded-port': '443' }, ''],
    ['of an IPv6 literal stands behind the bracket', {}, '192.0.2.1', { host: '[::1]:8080' }, ':8080'],
    ['of an IPv6 literal without one is absent', {}, '192.0.2.1', { host: '[::8080]' }, ''],
  ]
  for (const [name, environment, peer, headers, port] of table) {
    test(name, () => expect(world(peer, environment).port(request(headers))).toBe(port))
  }
})
