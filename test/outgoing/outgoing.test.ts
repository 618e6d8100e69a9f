import { describe, expect, test } from 'bun:test'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { carefulResolver, connected, dnsResolver } from '../../src/outgoing/connection.ts'
import type { OutgoingFailure, OutgoingReason } from '../../src/outgoing/failure.ts'
import { outgoing } from '../../src/outgoing/outgoing.ts'
import { eventually } from '../support/eventually.ts'
import { certificate, ok, webServer } from './servers.ts'

const HEADERS = { 'content-type': 'application/json', 'webhook-id': 'msg_1' }

interface Options {
  readonly local?: boolean
  /** What a name means, the first time, the second, and so on. */
  readonly answers?: readonly (readonly string[])[]
}

/** To this machine, which stands for the Internet where `local` is true. */
const guard = ({ local = true, answers = [['127.0.0.1']] }: Options = {}) => {
  const asked: string[] = []
  const made = outgoing({
    config: { WEBHOOKS_ALLOW_LOCAL: local },
    ca: certificate().cert,
    resolve: async (host) => {
      asked.push(host)
      return answers[Math.min(asked.length, answers.length) - 1] ?? []
    },
  })
  return { ...made, asked }
}

const post = (
  made: Pick<ReturnType<typeof guard>, 'post'>,
  url: string,
  more: { timeoutMs?: number; signal?: AbortSignal } = {},
) => made.post(url, { headers: HEADERS, body: '{"type":"account.created"}', timeoutMs: 5000, ...more })

/** Why it failed, and with what words. */
const failure = (work: Promise<unknown>): Promise<[OutgoingReason | 'none', string]> =>
  work.then(
    () => ['none', ''],
    (error: OutgoingFailure) => [error.reason, error.message],
  )

describe('a URL is refused before it is stored', () => {
  const REFUSED: readonly (readonly [id: string, ...urls: string[]])[] = [
    [
      'v.https_url',
      ...[
        '',
        'hooks.example',
        'http://hooks.example/',
        'ftp://hooks.example/',
        'javascript:alert(1)',
        'file:///etc/passwd',
      ],
      ...['https://', 'https:hooks.example', 'https:///hooks.example', 'https:/hooks.example', '//hooks.example/'],
      ...[
        'https://hooks.example/\r\nX: y',
        ' https://hooks.example/',
        'https://hooks.example/a b',
        'https://hooks\t.example/',
      ],
      ...[
        'https://hooks.example\\@evil.example/',
        'https://hooks.example:99999/',
        'https://ho[oks.example/',
        'https://[::1/',
      ],
      ...[
        'https://./',
        'https://hooks.example../',
        `https://${'a.'.repeat(200)}example/`,
        'https://1.2.3.4.5/',
        'unix:/run/x',
      ],
      ...['http://127.0.0.1/', 'http://localhost/', 'http://8.8.8.8/'],
    ],
    [
      'v.url_credentials',
      'https://alice:secret@hooks.example/',
      'https://alice@hooks.example/',
      'https://:x@hooks.example/',
    ],
    [
      'v.url_port',
      ...[22, 25, 53, 80, 110, 389, 445, 587, 993, 1023, 0].map((port) => `https://hooks.example:${port}/`),
    ],
    [
      'v.private_host',
      ...[
        'localhost',
        'LOCALHOST',
        'localhost.',
        'a.localhost',
        'printer.local',
        'printer.local.',
        '127.0.0.1',
        '127.0.0.1.',
        '127.1',
        '0177.0.0.1',
      ],
      ...[
        '0x7f000001',
        '0x7f.1',
        '2130706433',
        '017700000001',
        '%31%32%37.0.0.1',
        '１２７.0.0.1',
        '127。0。0。1',
        '0',
        '0.0.0.0',
      ],
      ...[
        '10.0.0.1',
        '012.0.0.1',
        '172.16.0.1',
        '192.168.1.1',
        '169.254.169.254',
        '2852039166',
        '100.64.0.1',
        '198.18.0.1',
      ],
      ...['255.255.255.255', '224.0.0.1', '192.0.0.1', '192.0.2.1', '[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::7f00:1]'],
      ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::127.0.0.1]', '[64:ff9b::a9fe:a9fe]'],
      ...[
        '[64:ff9b:1::1]',
        '[2002:7f00:1::]',
        '[2001:0:7f00:1::]',
        '[fe80::1]',
        '[fec0::1]',
        '[fd00:ec2::254]',
        '[ff02::1]',
      ],
    ].map((entry, index) => (index === 0 ? entry : `https://${entry}/hook`)) as [string, ...string[]],
  ]
  for (const [id, ...urls] of REFUSED) {
    for (const url of urls) {
      test(`${JSON.stringify(url.slice(0, 60))}: ${id}`, () => {
        expect(guard({ local: false }).refusalOf(url)?.id).toBe(id as never)
      })
    }
  }

  test('and one of the Internet is not', () => {
    for (const url of [
      ...[
        'https://hooks.example',
        'HTTPS://Hooks.Example./a?b=c#d',
        'https://hooks.example:443/',
        'https://hooks.example:8443/',
      ],
      ...[
        'https://bücher.example/',
        'https://8.8.8.8/',
        'https://[2606:4700::1]:1024/',
        'https://hooks.example/%0d%0a',
      ],
    ]) {
      expect([url, guard({ local: false }).refusalOf(url)]).toEqual([url, null])
    }
  })

  test('but this machine is allowed where the operator says so, without TLS too, and nothing else of the network', () => {
    const { refusalOf } = guard({ local: true })
    for (const url of [
      'http://127.0.0.1:8080/',
      'http://localhost/',
      'https://localhost:8443/',
      'http://[::1]:8080/',
    ]) {
      expect([url, refusalOf(url)]).toEqual([url, null])
    }
    for (const url of [
      'http://10.0.0.1/',
      'http://hooks.example/',
      'https://10.0.0.1/',
      'https://169.254.169.254/',
      'http://0.0.0.0/',
    ]) {
      expect([url, refusalOf(url)]).not.toEqual([url, null])
    }
    expect(guard({ local: false }).refusalOf('https://localhost/')?.setting).toBe('WEBHOOKS_ALLOW_LOCAL')
  })

  test('and what was stored is looked at again when it is sent to', async () => {
    await using server = await webServer()
    const made = guard({ local: false })
    for (const url of [`http://127.0.0.1:${server.port}/`, `https://127.0.0.1:${server.port}/`, 'nonsense']) {
      expect(await failure(post(made, url))).toEqual(['forbidden', 'such an address is not allowed'])
    }
    expect([server.connections(), made.asked]).toEqual([0, []])
  })
})

describe('a name', () => {
  test('that means a machine of our network is not connected to', async () => {
    await using server = await webServer({ tls: true })
    const inside = [
      ['10.0.0.1', '169.254.169.254', '::1', '127.0.0.1', 'fd00:ec2::254', '::ffff:8.8.8.8', '64:ff9b::a00:1'],
    ]
    const made = guard({ local: false, answers: inside })
    expect(await failure(post(made, `https://hooks.example:${server.port}/`))).toEqual([
      'forbidden',
      'hooks.example is not at a public address, or is this machine',
    ])
    expect(server.connections()).toBe(0)
  })

  test('is asked for once: what it means a moment later is nobody’s concern', async () => {
    await using first = await webServer({ tls: true })
    await using second = await webServer({ tls: true, address: '127.0.0.2', port: first.port })
    const made = guard({ answers: [['127.0.0.1'], ['127.0.0.2']] })
    expect((await post(made, `https://hooks.example:${first.port}/`)).status).toBe(200)
    expect([first.requests.length, second.connections(), made.asked]).toEqual([1, 0, ['hooks.example']])
    // The next request asks again, over a connection of its own.
    await post(made, `https://hooks.example:${first.port}/`)
    expect([first.requests.length, second.requests.length, made.asked.length]).toEqual([1, 1, 2])
  })

  test('with several addresses leads to the permitted one, wherever it stands', async () => {
    await using server = await webServer({ tls: true })
    const made = guard({ answers: [['10.0.0.1', 'fe80::1', '127.0.0.1', '192.168.0.1']] })
    expect((await post(made, `https://hooks.example:${server.port}/`)).status).toBe(200)
  })

  test('whose first address is dead leads to the second', async () => {
    await using server = await webServer({ tls: true, address: '127.0.0.3' })
    const made = guard({ answers: [['127.0.0.2', '127.0.0.3']] })
    expect((await post(made, `https://hooks.example:${server.port}/`)).status).toBe(200)
  })

  test('with thousands of addresses costs no more than others', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `8.8.${index >> 8}.${index & 255}`)
    const tried: string[] = []
    const started = performance.now()
    const wanted = { host: 'hooks.example', port: 1, unless: 'is nowhere', resolve: async () => many, withinMs: 50 }
    const permitted = (address: string) => tried.push(address) < 0
    await failure(connected({ ...wanted, permitted, signal: AbortSignal.timeout(5000) }))
    expect(tried.length).toBeLessThanOrEqual(64)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('of this machine is not connected to, even if it is public: its firewall is for those outside', async () => {
    const made = (local: boolean) =>
      outgoing({ config: { WEBHOOKS_ALLOW_LOCAL: local }, resolve: async () => ['8.8.8.8'], own: () => ['8.8.8.8'] })
    const within = { timeoutMs: 300 }
    expect(await failure(post(made(false), 'https://hooks.example:1024/', within))).toEqual([
      'forbidden',
      'hooks.example is not at a public address, or is this machine',
    ])
    expect((await failure(post(made(false), 'https://8.8.8.8:1024/', within)))[0]).toBe('forbidden')
    expect((await failure(post(made(true), 'https://hooks.example:1024/', within)))[0]).not.toBe('forbidden')
  })

  test('that nobody knows is said to be unknown', async () => {
    const made = { post: outgoing({ config: { WEBHOOKS_ALLOW_LOCAL: false } }).post }
    const [reason, said] = await failure(post(made, 'https://nothing.invalid/secret-path?token=secret'))
    expect([reason, said]).toEqual(['unresolved', expect.stringMatching(/^nothing\.invalid is not found: E\w+$/)])
  })

  test('stands in the certificate, in TLS and in the request, not its address', async () => {
    await using server = await webServer({ tls: true })
    const made = guard()
    await post(made, `https://Hooks.Example.:${server.port}/a%20b/c?d=e&f#g`)
    const [{ text, servername }] = server.requests as [(typeof server.requests)[0]]
    const [line, ...lines] = text.split('\r\n')
    expect([line, servername]).toEqual(['POST /a%20b/c?d=e&f HTTP/1.1', 'hooks.example'])
    expect(lines.map((one) => one.toLowerCase())).toContain(`host: hooks.example:${server.port}`)
    expect(lines.map((one) => one.toLowerCase())).toContain('webhook-id: msg_1')
    expect(text).toEndWith('\r\n\r\n{"type":"account.created"}')
  })
})

describe('a certificate', () => {
  test('for another name ends it before anything is sent', async () => {
    await using server = await webServer({ tls: true })
    const [reason, said] = await failure(post(guard(), `https://other.example:${server.port}/`))
    expect([reason, said]).toEqual([
      'encryption',
      `other.example:${server.port}: no encryption: ERR_TLS_CERT_ALTNAME_INVALID`,
    ])
    expect(server.requests).toEqual([])
  })

  test('that nobody has signed ends it, whatever the environment says', async () => {
    await using server = await webServer({ tls: true })
    const made = outgoing({ config: { WEBHOOKS_ALLOW_LOCAL: true }, resolve: async () => ['127.0.0.1'] })
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      expect((await failure(post(made, `https://hooks.example:${server.port}/`)))[0]).toBe('encryption')
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
    expect(server.requests).toEqual([])
  })

  test('may be for an address', async () => {
    await using server = await webServer({ tls: true, address: '127.0.0.1' })
    await using other = await webServer({ tls: true, address: '127.0.0.2' })
    expect((await post(guard(), `https://127.0.0.1:${server.port}/`)).status).toBe(200)
    expect((await failure(post(guard(), `https://127.0.0.2:${other.port}/`)))[0]).toBe('encryption')
  })
})

describe('an answer', () => {
  const from = async (answer: (socket: Socket, request: string) => void, timeoutMs = 5000) => {
    await using server = await webServer({ answer })
    const answered = await post(guard(), `http://127.0.0.1:${server.port}/`, { timeoutMs })
    await eventually(() => server.open() === 0)
    return answered
  }

  test('that points elsewhere is an answer, and nobody goes there', async () => {
    await using elsewhere = await webServer()
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `http://127.0.0.1:${elsewhere.port}/`
      const answered = await from((socket) =>
        socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`),
      )
      expect(answered).toMatchObject({ status, head: '' })
    }
    expect(elsewhere.connections()).toBe(0)
  })

  test('is kept to its first kB', async () => {
    const answered = await from((socket) => ok(socket, 'é'.repeat(5000)))
    expect([answered.status, answered.head]).toEqual([200, 'é'.repeat(512)])
    expect(answered.durationMs).toBeGreaterThanOrEqual(0)
  })

  test('without end is read for a while, and then left', async () => {
    let written = 0
    const answered = await from((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = () => {
        while (!socket.destroyed && socket.write('x'.repeat(65_536))) written += 65_536
        if (!socket.destroyed) socket.once('drain', more)
      }
      more()
    })
    expect([answered.status, answered.head]).toEqual([200, 'x'.repeat(1024)])
    expect(written).toBeLessThan(50_000_000)
  })

  test('that drips counts with what has come in time', async () => {
    const answered = await from((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nslow'), 300)
    expect(answered).toMatchObject({ status: 200, head: 'slow' })
    expect(answered.durationMs).toBeLessThan(3000)
  })

  test('that breaks off counts with what has come', async () => {
    expect(await from((socket) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\nha'))).toMatchObject({
      status: 500,
      head: 'ha',
    })
  })

  test('that is cut off by force counts, too', async () => {
    const answered = await from((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nha', () =>
        setTimeout(() => socket.resetAndDestroy(), 20),
      )
    })
    expect(answered).toMatchObject({ status: 200, head: 'ha' })
  })

  test('that is compressed is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    const answered = await from((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`)
      socket.end(bomb)
    })
    expect(answered.status).toBe(200)
    expect(answered.head.length).toBeLessThanOrEqual(1024)
  })

  test('holds nothing that a terminal obeys or a database refuses', async () => {
    const answered = await from((socket) => ok(socket, 'a\u0000b\u001b[2Jc\u009bd\r\n\te\ud800\rf'))
    expect(answered.head).toBe('a\ufffdb\ufffd[2Jc\ufffdd\n\te\ufffd\ufffdf')
  })

  test('may come after others that are not final', async () => {
    const answered = await from((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
      ok(socket, 'yes', 'X-A: b\r\n')
    })
    expect(answered).toMatchObject({ status: 200, head: 'yes' })
  })
})

describe('no answer', () => {
  const url = (port: number) => `http://127.0.0.1:${port}/very-secret?token=hidden`
  const from = async (answer: (socket: Socket) => void, timeoutMs = 5000) => {
    await using server = await webServer({ answer })
    const [reason, said] = await failure(post(guard(), url(server.port), { timeoutMs }))
    await eventually(() => server.open() === 0)
    expect(said).not.toMatch(/secret|hidden/)
    return reason
  }

  test('is a failure in time, wherever it hangs', async () => {
    const never = new Promise<never>(() => {})
    const unnamed = outgoing({ config: { WEBHOOKS_ALLOW_LOCAL: true }, resolve: () => never })
    expect((await failure(post(unnamed, 'https://hooks.example/', { timeoutMs: 200 })))[0]).toBe('unresolved')
    // TLS that never begins.
    await using mute = await webServer({ answer: () => {} })
    expect((await failure(post(guard(), `https://hooks.example:${mute.port}/`, { timeoutMs: 200 })))[0]).toBe('late')
    await eventually(() => mute.open() === 0)
    expect(await from(() => {}, 200)).toBe('late')
    expect(await from((socket) => socket.write('HTTP/1.1 200 OK\r\nX-Slow: '), 200)).toBe('late')
  })

  test('but lines of a head without end', async () => {
    const reason = await from((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const more = () => {
        while (!socket.destroyed && socket.write(`X-${'y'.repeat(1000)}: z\r\n`.repeat(60))) {}
        if (!socket.destroyed) socket.once('drain', more)
      }
      more()
    }, 2000)
    expect(['broken', 'late']).toContain(reason)
  })

  test('but something that is no HTTP, or nothing at all', async () => {
    expect(await from((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))).toBe('broken')
    expect(await from((socket) => socket.end())).toBe('broken')
    expect(await from((socket) => socket.destroy())).toBe('broken')
    expect(
      await from((socket) =>
        socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      ),
    ).toBe('broken')
  })

  test('but a status that is none', async () => {
    for (const status of ['000', '099', '-1', '99999', 'abc']) {
      expect([status, await from((socket) => socket.end(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`))]).toEqual(
        [status, 'broken'],
      )
    }
  })

  test('is survived, at whatever moment the other side cuts the connection', async () => {
    const cut = (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), Math.random() * 8)
    for (const tls of [false, true]) {
      await using early = await webServer({ tls, opened: cut, answer: () => {} })
      await using late = await webServer({
        tls,
        answer: (socket) => {
          socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\nabc')
          cut(socket)
        },
      })
      const at = ({ port }: { port: number }) => (tls ? `https://hooks.example:${port}/` : url(port))
      const targets = Array.from({ length: 20 }, () => [early, late]).flat()
      const ends = await Promise.all(targets.map((target) => failure(post(guard(), at(target)))))
      expect(ends.every(([reason]) => ['none', 'broken', 'encryption', 'unreachable'].includes(reason))).toBe(true)
      await eventually(() => early.open() + late.open() === 0)
    }
  })

  test('is what a port without a server gives', async () => {
    const port = await webServer().then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server.port
    })
    const [reason, said] = await failure(post(guard(), url(port)))
    expect([reason, said]).toEqual(['unreachable', expect.stringContaining(`127.0.0.1:${port} does not answer: `)])
    expect(said).not.toMatch(/secret|hidden/)
  })

  test('is waited for once the caller has lost interest', async () => {
    await using server = await webServer({ answer: () => {} })
    const ended = new AbortController()
    const waiting = failure(post(guard(), url(server.port), { signal: ended.signal }))
    await eventually(() => server.requests.length === 1)
    ended.abort()
    expect((await waiting)[0]).toBe('aborted')
    expect((await failure(post(guard(), url(server.port), { signal: AbortSignal.abort() })))[0]).toBe('aborted')
    await eventually(() => server.open() === 0)
  })
})

test('a target that hangs keeps nobody else waiting', async () => {
  await using mute = await webServer({ answer: () => {} })
  await using server = await webServer()
  const ended = new AbortController()
  const stuck = Array.from({ length: 50 }, () =>
    failure(post(guard(), `http://127.0.0.1:${mute.port}/`, { signal: ended.signal })),
  )
  await eventually(() => mute.connections() === 50)
  expect((await post(guard(), `http://127.0.0.1:${server.port}/`)).status).toBe(200)
  ended.abort()
  expect(new Set((await Promise.all(stuck)).map(([reason]) => reason))).toEqual(new Set(['aborted']))
  await eventually(() => mute.open() === 0)
})

test('a name server that never answers stops nothing else', async () => {
  const asked: string[] = []
  const silent = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: { data: (_, query) => void asked.push(String(query)) },
  })
  const resolve = dnsResolver([`127.0.0.1:${silent.port}`])
  const stuck = Array.from({ length: 50 }, (_, index) => failure(resolve(`n${index}.slow.example`)))
  await eventually(() => asked.length >= 50)
  let ended = false
  const all = Promise.all(stuck).finally(() => {
    ended = true
  })
  expect((await Bun.file('/etc/hostname').text()).length).toBeGreaterThan(0)
  expect(ended).toBe(false)
  await all
  silent.close()
})

test('a mail server of a Space is found as before, but for one whose name server never answers', async () => {
  const asked: string[] = []
  const refusing = (code: string) => async (host: string) => {
    asked.push(`dns ${host}`)
    throw Object.assign(new Error(code), { code })
  }
  const system = async (host: string) => {
    asked.push(`system ${host}`)
    return ['8.8.8.8']
  }
  expect(await carefulResolver(refusing('ENOTFOUND'), system)('smtp.corp')).toEqual(['8.8.8.8'])
  // Whatever else is in /etc/hosts, this is.
  expect(await carefulResolver(refusing('ENOTFOUND'), system)('LOCALHOST')).toEqual(['8.8.8.8'])
  expect(asked).toEqual(['dns smtp.corp', 'system smtp.corp', 'system LOCALHOST'])
  await expect(carefulResolver(refusing('ETIMEOUT'), system)('smtp.slow.example')).rejects.toThrow('ETIMEOUT')
  expect(asked).not.toContain('system smtp.slow.example')
})

test('a name has its addresses of both kinds', async () => {
  const server = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data: (socket, query, port, address) => {
        // The question ends with its type and class; the answer points to its name (RFC 1035 §4.1.4).
        const question = query.subarray(12, query.indexOf(0, 12) + 5)
        const isIpv4 = question.at(-3) === 1
        const value = isIpv4 ? [8, 8, 8, 8] : [0x26, 0x06, 0x47, ...Array(12).fill(0), 1]
        const answer = [0xc0, 12, 0, isIpv4 ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, value.length, ...value]
        const head = [...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]
        socket.send(Buffer.from([...head, ...question, ...answer]), port, address)
      },
    },
  })
  expect(await dnsResolver([`127.0.0.1:${server.port}`])('hooks.example')).toEqual(['8.8.8.8', '2606:4700::1'])
  expect(await dnsResolver([`127.0.0.1:${server.port}`])('localhost')).toEqual(['127.0.0.1', '::1'])
  server.close()
})
