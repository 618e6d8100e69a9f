import { describe, expect, test } from 'bun:test'
import { loadConfig } from '../../src/config/config.ts'
import { spaceUrl } from '../../src/config/links.ts'
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

describe('links', () => {
  const proxied = { TRUSTED_PROXIES: '10.0.0.1' }
  const tls = { TLS_CERT: '/c', TLS_KEY: '/k' }
  const https = { 'x-forwarded-proto': 'https' }
  const table: [string, Record<string, string>, string, Record<string, string>, string][] = [
    ['have our own scheme and port', {}, '192.0.2.1', { host: 'x:8080' }, 'http://x:8080'],
    ['have them whatever the client asks for', {}, '192.0.2.1', { host: 'x' }, 'http://x:8080'],
    ['have no port that a client invents', {}, '192.0.2.1', { host: 'x:666' }, 'http://x:8080'],
    ['have them with a certificate', tls, '192.0.2.1', { host: 'x' }, 'https://x:8080'],
    ['have PUBLIC_PORT', { PUBLIC_PORT: '8443' }, '192.0.2.1', { host: 'x:8080' }, 'http://x:8443'],
    ['have PUBLIC_SCHEME, and its port', { PUBLIC_SCHEME: 'https' }, '192.0.2.1', { host: 'x' }, 'https://x'],
    ['have PUBLIC_SCHEME, and its port', { PUBLIC_SCHEME: 'http' }, '192.0.2.1', { host: 'x' }, 'http://x'],
    [
      'have both',
      { PUBLIC_SCHEME: 'https', PUBLIC_PORT: '8443', ...proxied },
      '10.0.0.1',
      { host: 'x', 'x-forwarded-proto': 'http' },
      'https://x:8443',
    ],
    [
      'have no port that the scheme implies',
      { PUBLIC_SCHEME: 'https', PUBLIC_PORT: '443' },
      '1.2.3.4',
      {},
      'https://x',
    ],
    ['have the scheme of the proxy, and its port', proxied, '10.0.0.1', { host: 'x', ...https }, 'https://x'],
    ['have no port that it lets through', proxied, '10.0.0.1', { host: 'x:9000', ...https }, 'https://x'],
    ['have no forwarded port', proxied, '10.0.0.1', { ...https, 'x-forwarded-port': '9002' }, 'https://x'],
    ['have no port of a forwarded host', proxied, '10.0.0.1', { ...https, 'x-forwarded-host': 'x:9001' }, 'https://x'],
    ['have no scheme of a stranger', proxied, '10.0.0.2', { host: 'x', ...https }, 'http://x:8080'],
    ['are direct without a word of a proxy', proxied, '10.0.0.1', { host: 'x' }, 'http://x:8080'],
  ]
  for (const [name, environment, peer, headers, url] of table) {
    test(name, () => expect(world(peer, environment).linkTo(request(headers), 'x')).toBe(url))
  }

  test('to an IPv6 literal have it in brackets', () => {
    expect(world('192.0.2.1', {}).linkTo(request({}), '::1')).toBe('http://[::1]:8080')
  })

  test('outside a request say the same', () => {
    const outside = (environment: Record<string, string>) => {
      const { config } = loadConfig({ environment, envFiles: [], readFile: () => '' })
      return spaceUrl(config, 'x')
    }
    const LISTEN = '127.0.0.1:8080'
    expect(outside({ LISTEN })).toBe('http://x:8080')
    expect(outside({ LISTEN, ...tls })).toBe('https://x:8080')
    expect(outside({ LISTEN: '127.0.0.1:80', BASE_PATH: '/panel' })).toBe('http://x/panel')
    expect(outside({ LISTEN, ...proxied })).toBe('https://x')
    expect(outside({ LISTEN: 'unix:/run/sipkeeper.sock' })).toBe('https://x')
    expect(outside({ LISTEN, PUBLIC_SCHEME: 'http', ...proxied })).toBe('http://x')
    expect(outside({ LISTEN, PUBLIC_SCHEME: 'https', PUBLIC_PORT: '8443' })).toBe('https://x:8443')
  })
})
