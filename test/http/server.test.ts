import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import DigestClient from 'digest-fetch'
import { listen } from '../../src/http/server.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What only a real socket shows: what Bun makes of the bytes that arrive, and what it sends.

let t: TestApp
let server: ReturnType<typeof listen>
let admin: TestAccount
const listening = ({ config, front }: TestApp) =>
  listen({ ...config, LISTEN: { kind: 'tcp', host: '127.0.0.1', port: 0 } }, front)
beforeAll(async () => {
  t = await testApp()
  admin = await t.account({ username: 'admin', admin: true })
  server = listening(t)
})
afterAll(async () => {
  await server.stop(true)
  await t.close()
})

interface Raw {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Bytes in, bytes out. The connection ends with the reply. */
const exchange = (lines: readonly string[], body = '', port = server.port ?? 0): Promise<Raw> =>
  new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1')
    socket.setEncoding('latin1')
    socket.setTimeout(5000, () => socket.destroy(new Error(`no reply to ${lines[0]}`)))
    socket.on('data', (text: string) => {
      received += text
    })
    socket.on('error', reject)
    socket.on('close', () => {
      const end = received.indexOf('\r\n\r\n')
      resolve({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(received)?.[1]),
        head: received.slice(0, end),
        body: received.slice(end + 4),
      })
    })
    socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`, 'latin1')
  })

const header = ({ head }: Raw, name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim() ?? null
const withKey = () => ['Host: localhost', `x-api-key: ${admin.key}`]

describe('a foreign digest client', () => {
  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    test(`gets in with ${algorithm}, again and again, and not with a wrong password`, async () => {
      const who = await t.account({ algorithm })
      const url = `http://localhost:${server.port}/api/accounts/me`
      const headers = { from: `sip:${who.username}@${who.domain}` }
      const client = new DigestClient(who.username, who.password, { algorithm })
      for (const query of ['', '?a=1&b=%20', '', '?x=<>']) {
        expect((await client.fetch(url + query, { headers })).status).toBe(200)
      }
      const stranger = new DigestClient(who.username, 'wrong', { algorithm })
      expect((await stranger.fetch(url, { headers })).status).toBe(401)
    })
  }
})

describe('a request', () => {
  const STRANGE: string[][] = [
    [],
    ['Host:'],
    ['Host: :x'],
    ['Host: :80'],
    ['Host: [::1'],
    ['Host: []'],
    ['Host: [:::::]'],
    ['Host: a b<>'],
    ['Host: a@b'],
    ['Host: a/b'],
    ['Host: a?b'],
    ['Host: a#b'],
    ['Host: a%41b'],
    ['Host: a%00b'],
    ['Host: a\\b'],
    ['Host: \xe9'],
    ['Host: localhost:99999'],
    ['Host: localhost:8x'],
    [`Host: ${'a'.repeat(5000)}`],
    ['Host: localhost', 'Host: other.localhost'],
    ['Host: localhost', 'Host: localhost'],
  ]

  test('without a host, with a strange one, or with two, is refused by us and shows nothing of our source', async () => {
    for (const host of STRANGE) {
      for (const method of ['GET', 'POST', 'HEAD', 'OPTIONS']) {
        const reply = await exchange([`${method} /api/ping?a=b HTTP/1.${host.length === 0 ? 0 : 1}`, ...host])
        expect([host, method, reply.status]).toEqual([host, method, 400])
        expect([host, method, header(reply, 'content-type')]).toEqual([host, method, 'application/json'])
        expect([host, reply.body]).toEqual([
          host,
          method === 'HEAD' ? '' : '{"message":"The Host header of this request is neither a name nor an address."}',
        ])
      }
    }
  })

  test('without a host may ask whether the server is well, as old load balancers do', async () => {
    for (const host of [[], ['Host:'], ['Host: 10.0.0.1:8080'], ['Host: localhost']]) {
      const reply = await exchange([`GET /up HTTP/1.${host.length === 0 ? 0 : 1}`, ...host])
      expect([host, reply.status, reply.body]).toEqual([host, 200, '{"status":"up"}'])
    }
  })

  test('that breaks the server itself shows a number, and the log the rest', async () => {
    const broken = listen(
      { ...t.config, LISTEN: { kind: 'tcp', host: '127.0.0.1', port: 0 } },
      {
        ...t.front,
        fetch: () => {
          throw new Error('nobody expected this')
        },
      },
    )
    const reply = await exchange(['GET / HTTP/1.1', 'Host: localhost'], '', broken.port)
    await broken.stop(true)
    expect([reply.status, header(reply, 'content-type'), reply.body]).toEqual([
      500,
      'application/json',
      '{"message":"Server Error"}',
    ])
    const id = header(reply, 'x-request-id') ?? 'none'
    expect(t.lines.filter((line) => line.includes(id) && line.includes('nobody expected this'))).toHaveLength(1)
  })

  test('never breaks on its path', async () => {
    for (const path of [
      '/api/accounts/%zz',
      '/api/accounts/%',
      '/provisioning/%ff',
      '/provisioning/%00',
      '/api/x/"<urn:uuid:a>"',
    ]) {
      const reply = await exchange([`GET ${path} HTTP/1.1`, ...withKey()])
      expect([path, reply.status, header(reply, 'content-type')]).toEqual([path, 404, 'application/json'])
    }
  })

  test('is for the Space of its Host, whatever an absolute target says', async () => {
    const reply = await exchange(['GET http://other.localhost/api/accounts HTTP/1.1', ...withKey()])
    expect(reply.status).toBe(200)
    expect(reply.body).toContain('sip.example.org')
  })

  test('that is a POST without a length and a body is an empty one', async () => {
    const reply = await exchange(['POST /api/account_creation_request_tokens HTTP/1.1', 'Host: localhost'])
    expect(reply.status).toBe(201)
  })

  test('may come in chunks', async () => {
    const json = JSON.stringify({ username: 'chunked.bob', password: 'correct-horse', algorithm: 'MD5' })
    const chunks = [json.slice(0, 10), json.slice(10)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    const type = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
    const reply = await exchange(['POST /api/accounts HTTP/1.1', ...withKey(), ...type], `${chunks.join('')}0\r\n\r\n`)
    expect(reply.status).toBe(200)
  })
})

describe('a body over the limit', () => {
  const type = 'Content-Type: application/json'
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`

  test('is refused in JSON by its length, before it is sent', async () => {
    for (const length of [1_048_577, 30_000_000, 3_000_000_000, Number.MAX_SAFE_INTEGER]) {
      const reply = await exchange(['POST /api/accounts HTTP/1.1', ...withKey(), type, `Content-Length: ${length}`])
      expect([reply.status, header(reply, 'content-type')]).toEqual([413, 'application/json'])
      expect(JSON.parse(reply.body).message).toContain('1048576')
    }
  })

  test('is refused in JSON while it comes in chunks without an end', async () => {
    const lines = ['POST /api/accounts HTTP/1.1', ...withKey(), type, 'Transfer-Encoding: chunked']
    const reply = await exchange(lines, chunk.repeat(20))
    expect([reply.status, header(reply, 'content-type')]).toEqual([413, 'application/json'])
  })

  test('is refused in JSON to clients that send all of it before they read, and to their next request as well', async () => {
    const post = (length: number) =>
      fetch(`http://localhost:${server.port}/api/accounts`, { method: 'POST', body: new Uint8Array(length) })
    for (const length of [1_048_577, 50_000_000]) {
      const [reply, again] = [await post(length), await post(length)]
      expect([length, reply.status, again.status]).toEqual([length, 413, 413])
      expect(((await reply.json()) as { message: string }).message).toContain('1048576')
    }
  })

  test('is refused below a base path as well', async () => {
    const below = await testApp({ env: { BASE_PATH: '/panel' } })
    const other = listening(below)
    const lines = ['POST /panel/api/accounts HTTP/1.1', 'Host: localhost', type, 'Transfer-Encoding: chunked']
    const reply = await exchange(lines, chunk.repeat(20), other.port)
    expect([reply.status, header(reply, 'content-type')]).toEqual([413, 'application/json'])
    await other.stop(true)
    await below.close()
  })

  test('that never ends is refused while it comes, and fifty of them fill no memory', async () => {
    const before = process.memoryUsage.rss()
    const post = async () => {
      const sending = new AbortController()
      const chunk = new Uint8Array(0x10000)
      const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) })
      const url = `http://localhost:${server.port}/api/accounts`
      const { status } = await fetch(url, { method: 'POST', body, signal: sending.signal })
      await Bun.sleep(200) // it goes on sending
      sending.abort()
      return status
    }
    const statuses = await Promise.all(Array.from({ length: 50 }, post))
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 413))
    expect((process.memoryUsage.rss() - before) / 1_048_576).toBeLessThan(300)
  })

  test('does not become the next request', async () => {
    const smuggled = 'GET /api/accounts/me HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const reply = await exchange(
      ['POST /api/nothing HTTP/1.1', 'Host: localhost', `Content-Length: ${smuggled.length}`],
      smuggled,
    )
    expect([reply.status, reply.body.includes('HTTP/1.1')]).toEqual([404, false])
  })
})

test('a body that nobody reads does not spoil the connection for the next request', async () => {
  const first = ['POST /api/nothing HTTP/1.1', 'Host: localhost']
  const next = ['Host: localhost']
  for (const [announced, ...body] of [
    ['Content-Length: 5', '', 'xxxxxGET /api/ping HTTP/1.1'],
    ['Content-Length: 1100000', '', `${'x'.repeat(1_100_000)}GET /api/ping HTTP/1.1`],
    ['Transfer-Encoding: chunked', '', '5', 'xxxxx', '0', '', 'GET /api/ping HTTP/1.1'],
  ] as const) {
    const reply = await exchange([...first, announced ?? '', ...body, ...next])
    expect([announced, reply.status, reply.body.split('HTTP/1.1 200 ').length]).toEqual([announced, 404, 2])
  }
})

describe('a HEAD', () => {
  test('has the headers of the GET, its length included, and no body', async () => {
    for (const path of [
      '/api/accounts/me',
      '/api/accounts',
      '/api/ping',
      '/up',
      '/provisioning',
      '/api/nothing',
      '/about',
    ]) {
      const get = await exchange([`GET ${path} HTTP/1.1`, ...withKey()])
      const head = await exchange([`HEAD ${path} HTTP/1.1`, ...withKey()])
      expect([path, head.status, head.body]).toEqual([path, get.status, ''])
      for (const name of ['content-length', 'content-type', 'cache-control', 'content-language']) {
        expect([path, name, header(head, name)]).toEqual([path, name, header(get, name)])
      }
    }
  })
})

test('a challenge is one line', async () => {
  const reply = await exchange(['GET /api/accounts/me HTTP/1.1', 'Host: localhost', 'From: sip:admin@sip.example.org'])
  expect(reply.head.match(/^www-authenticate: /gim)).toHaveLength(1)
  expect(header(reply, 'www-authenticate')).toStartWith('Digest realm="sip.example.org",qop="auth",algorithm=SHA-256,')
})
