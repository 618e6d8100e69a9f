import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { loadConfig } from '../../src/config/config.ts'
import { logging } from '../../src/logging/logging.ts'
import { type Registrar, registrar } from '../../src/registrar/registrar.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram } from '../support/executable.ts'
import { freePort } from '../support/postgres.ts'
import { contact, listen, type RedisServer, startRedis, startSentinel, startServer } from './servers.ts'

const ALICE = 'alice@sip.example.org'
const PHONE = 'urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20'

const clock = { now: 0 }
let lines: string[]
const ending: (() => unknown)[] = []
/** Runs after the test, the last one first. */
const atEnd = <T extends { stop(): unknown }>(server: T): T => {
  ending.push(() => server.stop())
  return server
}
beforeEach(() => {
  clock.now = Date.parse('2026-06-01T12:00:00Z')
  lines = []
})
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

const registrarWith = (environment: Record<string, string>): Registrar => {
  const { config, problems } = loadConfig({ environment, envFiles: [], readFile: () => '' })
  expect(problems).toEqual([])
  const now = () => new Date(clock.now)
  const made = registrar({ config, log: logging(config, { now, write: (line) => lines.push(line) }), now })
  ending.push(() => made.close())
  return made
}
const at = (port: number) => ({ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(port) })

/** Within the 900 ms that we allow ourselves, and what a busy machine adds. */
const SOON_MS = 3000

/** How long it took, and what came. */
const timed = async <T>(work: Promise<T>) => {
  const started = performance.now()
  const answer = await work
  return { answer, ms: performance.now() - started }
}
/** As a request asks: what cannot be removed now is tried later. */
const removed = (one: Registrar, address: string, uuid: string): Promise<boolean> =>
  one.remove(address, uuid).catch(() => false)
const reasonOf = (line = '{}'): string => JSON.parse(line).reason

describe('without an answer', () => {
  test('nothing is configured: no devices, and nothing to say about it', async () => {
    const none = registrarWith({})
    expect([await none.contacts(ALICE), await removed(none, ALICE, PHONE), lines]).toEqual([[], false, []])
    expect(await none.check()).toMatchObject({ ok: true, detail: 'not configured; no devices are shown' })
  })

  test('nobody connects before there is a question', async () => {
    const server = atEnd(await startServer((socket) => socket.destroy()))
    const away = registrarWith(at(server.port))
    await Bun.sleep(50)
    expect(server.accepted()).toBe(0)
    await away.contacts(ALICE)
    expect(server.accepted()).toBe(1)
  })

  test('it is left alone for five seconds, and named in the log once a minute', async () => {
    const server = atEnd(await startServer((socket) => socket.destroy()))
    const away = registrarWith({ ...at(server.port), REDIS_PASSWORD: 'unspeakable' })
    expect([await away.contacts(ALICE), await removed(away, ALICE, PHONE)]).toEqual([[], false])
    clock.now += 4_999
    await away.contacts(ALICE)
    expect([server.accepted(), lines.length]).toEqual([1, 1])
    clock.now += 1
    await away.contacts(ALICE)
    expect([server.accepted(), lines.length]).toEqual([2, 1])
    clock.now += 60_000
    await away.contacts(ALICE)
    expect([server.accepted(), lines.length]).toEqual([3, 2])
    expect(reasonOf(lines[0])).toBe('it does not answer, or refuses the password')
    expect(lines.join()).not.toContain('unspeakable')
  })

  test('a clock that is set back does not keep it away', async () => {
    const server = atEnd(await startServer((socket) => socket.destroy()))
    const away = registrarWith(at(server.port))
    await away.contacts(ALICE)
    clock.now -= 3_600_000
    await away.contacts(ALICE)
    expect(server.accepted()).toBe(2)
  })

  test('nobody listens', async () => {
    const away = registrarWith(at(await freePort()))
    const { answer, ms } = await timed(away.contacts(ALICE))
    expect([answer, lines.length]).toEqual([[], 1])
    expect(ms).toBeLessThan(SOON_MS)
    expect(await away.check()).toMatchObject({ ok: false })
  })

  test('it accepts and says nothing: a hundred at once wait less than a second, those after them not at all', async () => {
    const server = atEnd(await startServer(() => {}))
    const silent = registrarWith(at(server.port))
    const asked = Array.from({ length: 100 }, (_, n) =>
      n % 2 === 0 ? silent.contacts(`${n}@sip.example.org`) : removed(silent, `${n}@sip.example.org`, PHONE),
    )
    const { answer, ms } = await timed(Promise.all(asked))
    expect(ms).toBeLessThan(SOON_MS)
    expect(new Set(answer.map((one) => JSON.stringify(one)))).toEqual(new Set(['[]', 'false']))
    expect([server.accepted(), lines.map(reasonOf)]).toEqual([1, ['no answer within 900 ms']])
    expect((await timed(silent.contacts(ALICE))).ms).toBeLessThan(SOON_MS)
    await eventually(() => server.open() === 0)
  })

  test('it says nothing, and requests keep coming: each waits less than a second', async () => {
    const server = atEnd(await startServer(() => {}))
    const silent = registrarWith(at(server.port))
    const asked: Promise<{ ms: number }>[] = []
    for (let n = 0; n < 15; n += 1) {
      asked.push(timed(silent.contacts(ALICE)))
      await Bun.sleep(100)
    }
    for (const { ms } of await Promise.all(asked)) expect(ms).toBeLessThan(SOON_MS)
  })

  for (const [nonsense, answer] of [
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['an answer without an end', '$1000000\r\nx'],
    ['zeros', '\0\0\0\0'],
    ['a number', ':1\r\n:1\r\n:1\r\n'],
    ['nothing', '_\r\n_\r\n_\r\n'],
    ['a text', '+OK\r\n+OK\r\n+OK\r\n'],
  ] as const)
    test(`it talks nonsense: ${nonsense}`, async () => {
      const server = atEnd(await startServer((socket) => socket.on('data', () => socket.write(answer))))
      const mad = registrarWith({ ...at(server.port), REDIS_DB: '3' })
      const { answer: found, ms } = await timed(mad.contacts(ALICE))
      expect(ms).toBeLessThan(SOON_MS)
      expect(found).toEqual([])
      clock.now += 5_000
      expect(await removed(mad, ALICE, PHONE)).toBe(false)
      expect(lines.length).toBe(1)
    })
})

describe.skipIf(!hasProgram('redis-server'))('a Redis of the registrar', () => {
  const password = { REDIS_PASSWORD: 'p@ss: /?#%41' }
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis({ password: password.REDIS_PASSWORD })
  })
  afterAll(() => server.stop())
  beforeEach(() => server.send('FLUSHALL'))

  test('that refuses the password gives nothing, and the log does not tell it', async () => {
    for (const wrong of [{}, { REDIS_PASSWORD: 'unspeakable' }]) {
      const refused = registrarWith({ ...at(server.port), ...wrong })
      expect([await refused.contacts(ALICE), await removed(refused, ALICE, PHONE)]).toEqual([[], false])
      expect((await refused.check()).detail).toEndWith('does not answer, or refuses the password')
    }
    expect(lines.map(reasonOf)).toEqual(Array(2).fill('it does not answer, or refuses the password'))
    expect(lines.join()).not.toContain('unspeakable')
  })

  test('without the database that is asked for gives nothing of another one', async () => {
    await server.register(ALICE, PHONE)
    const lost = registrarWith({ ...at(server.port), ...password, REDIS_DB: '999' })
    expect([await lost.contacts(ALICE), await removed(lost, ALICE, PHONE)]).toEqual([[], false])
    expect(lines.map(reasonOf)).toEqual(['ERR DB index is out of range'])
    expect(await lost.check()).toMatchObject({ ok: false })
    expect(await server.send('HLEN', `fs:${ALICE}`)).toBe(1)
  })

  test('with something else under the key of one account still shows the others', async () => {
    await server.send('SET', 'fs:bob@sip.example.org', 'x')
    await server.register(ALICE, PHONE)
    const known = registrarWith({ ...at(server.port), ...password })
    expect([await known.contacts('bob@sip.example.org'), await removed(known, 'bob@sip.example.org', PHONE)]).toEqual([
      [],
      false,
    ])
    expect(await known.contacts(ALICE)).toEqual([contact({ uuid: PHONE })])
    expect(lines.length).toBe(1)
    expect(reasonOf(lines[0])).toStartWith('WRONGTYPE')
  })

  test('that is paused is not waited for', async () => {
    const known = registrarWith({ ...at(server.port), ...password })
    await known.contacts(ALICE)
    await server.send('CLIENT', 'PAUSE', '1500', 'ALL')
    const { answer, ms } = await timed(Promise.all(Array.from({ length: 100 }, () => known.contacts(ALICE))))
    expect(ms).toBeLessThan(SOON_MS)
    expect([answer.flat(), lines.length]).toEqual([[], 1])
    await server.send('CLIENT', 'UNPAUSE')
    clock.now += 5_000
    await server.register(ALICE, PHONE)
    expect(await known.contacts(ALICE)).toHaveLength(1)
  })

  test('lists contacts, removes the one that is named, and tells the proxy each time', async () => {
    const other = 'urn:uuid:11111111-5a0b-4c3e-9d57-2f3f8f6c1a20'
    await server.register(ALICE, PHONE)
    await server.register(ALICE, other)
    await server.register('bob@sip.example.org', PHONE)
    const proxy = atEnd(await listen(server, ALICE, 'bob@sip.example.org'))
    const known = registrarWith({ ...at(server.port), ...password })
    expect([...(await known.contacts(ALICE))].sort()).toEqual(
      [contact({ uuid: PHONE }), contact({ uuid: other })].sort(),
    )
    expect([await removed(known, ALICE, PHONE), await removed(known, ALICE, PHONE)]).toEqual([true, false])
    expect([await removed(known, ALICE, '*'), await removed(known, ALICE, '"\r\nFLUSHALL\r\n')]).toEqual([false, false])
    expect(await known.contacts(ALICE)).toEqual([contact({ uuid: other })])
    await eventually(() => proxy.heard.length >= 4)
    expect(proxy.heard).toEqual(Array(4).fill([ALICE, '']))
    expect(await server.send('HLEN', 'fs:bob@sip.example.org')).toBe(1)
    expect(lines).toEqual([])
  })

  test('is found by REDIS_URL with password and database, and under REDIS_PREFIX', async () => {
    await server.send('SELECT', '5')
    await server.send('HSET', `here:fs:${ALICE}`, `"<${PHONE}>"`, 'x')
    await server.send('SELECT', '0')
    const known = registrarWith({ REDIS_URL: `${server.url}/5`, REDIS_DB: '1', REDIS_PREFIX: 'here:' })
    expect([await known.contacts(ALICE), await removed(known, ALICE, PHONE)]).toEqual([['x'], true])
    expect(await known.contacts(ALICE)).toEqual([])
  })

  test('is examined: whether it holds registrations', async () => {
    const known = registrarWith({ ...at(server.port), ...password })
    const empty = await known.check()
    expect(empty.ok).toBe(true)
    expect(empty.detail).toContain('holds no fs:*')
    await server.register(ALICE, PHONE)
    expect(await known.check()).toMatchObject({ ok: true, detail: `127.0.0.1:${server.port} holds registrations` })
  })

  test('that was restarted is asked again, unnoticed', async () => {
    const first = await startRedis()
    const known = registrarWith(at(first.port))
    await known.contacts(ALICE)
    await first.stop()
    const second = atEnd(await startRedis({ port: first.port }))
    await second.register(ALICE, PHONE)
    expect(await known.contacts(ALICE)).toHaveLength(1)
    expect(lines).toEqual([])
  })

  test('behind a firewall that forgot the connection is asked on a new one, within the second', async () => {
    const forgotten = new Set<Socket>()
    let forgets = false
    const firewall = atEnd(
      await startServer((socket) => {
        const isForgotten = () => forgets && forgotten.has(socket)
        const inside = connect(server.port, '127.0.0.1')
        inside.on('error', () => {}).on('data', (data) => isForgotten() || socket.write(data))
        socket.on('data', (data) => isForgotten() || inside.write(data)).on('close', () => inside.destroy())
        if (!forgets) forgotten.add(socket)
      }),
    )
    const known = registrarWith({ ...at(firewall.port), ...password })
    await server.register(ALICE, PHONE)
    await known.contacts(ALICE)
    forgets = true
    const { answer, ms } = await timed(Promise.all([known.contacts(ALICE), removed(known, ALICE, PHONE)]))
    expect([answer[0].length, answer[1], firewall.accepted(), lines]).toEqual([1, true, 2, []])
    expect(ms).toBeLessThan(SOON_MS)
  })
})

describe.skipIf(!hasProgram('redis-server'))('a sentinel', () => {
  const sentinelAt = (port: number, more = {}) => ({
    REDIS_CLIENT: 'phpredis-sentinel',
    REDIS_SENTINEL_PORT: String(port),
    REDIS_SENTINEL_PASSWORD: 'guide',
    ...more,
  })
  /** Two servers, the second following the first, and a sentinel that watches. */
  const cluster = async () => {
    const first = atEnd(await startRedis())
    const second = atEnd(await startRedis({ settings: `replicaof 127.0.0.1 ${first.port}` }))
    await eventually(async () => String(await second.send('INFO', 'replication')).includes('master_link_status:up'))
    const sentinel = atEnd(await startSentinel(first))
    return { first, second, sentinel }
  }

  test('that is away, refuses the password or knows no such service gives nothing', async () => {
    const { sentinel } = await cluster()
    for (const [environment, reason] of [
      [sentinelAt(await freePort()), 'does not answer, or refuses the password'],
      [sentinelAt(sentinel.port, { REDIS_SENTINEL_PASSWORD: 'wrong' }), 'does not answer, or refuses the password'],
      [sentinelAt(sentinel.port, { REDIS_SENTINEL_SERVICE: 'other' }), 'the sentinel knows no other'],
    ] as const) {
      const lost = registrarWith(environment)
      expect(await lost.contacts(ALICE)).toEqual([])
      expect(reasonOf(lines.pop())).toEndWith(reason)
      expect(await lost.check()).toMatchObject({ ok: false })
    }
  })

  test('that accepts and says nothing is not waited for', async () => {
    const server = atEnd(await startServer(() => {}))
    const silent = registrarWith(sentinelAt(server.port))
    expect((await timed(silent.contacts(ALICE))).ms).toBeLessThan(SOON_MS)
  })

  test('names the master, and names the next one when the master is gone', async () => {
    const { first, second, sentinel } = await cluster()
    const known = registrarWith(sentinelAt(sentinel.port))
    await first.register(ALICE, PHONE)
    expect(await known.contacts(ALICE)).toHaveLength(1)
    await eventually(async () => String(await second.send('HLEN', `fs:${ALICE}`)) === '1')
    await eventually(async () => ((await sentinel.send('REPLICAS', 'mymaster')) as unknown[]).length === 1)

    await first.stop()
    // While nobody is master there are no devices, and nobody waits for them.
    const { answer, ms } = await timed(known.contacts(ALICE))
    expect([answer, lines.length]).toEqual([[], 1])
    expect(ms).toBeLessThan(SOON_MS)

    await eventually(async () => String(await second.send('ROLE')).startsWith('master'))
    await eventually(async () => {
      clock.now += 5_000
      return (await known.contacts(ALICE)).length === 1
    })
    expect(await removed(known, ALICE, PHONE)).toBe(true)
    expect(await second.send('HLEN', `fs:${ALICE}`)).toBe(0)
  }, 60_000)

  test('is asked again when the master has become a replica, and the removal happens where it counts', async () => {
    const first = atEnd(await startRedis())
    const second = atEnd(await startRedis())
    const sentinel = atEnd(await startSentinel(first))
    for (const server of [first, second]) await server.register(ALICE, PHONE)
    const proxy = atEnd(await listen(second, ALICE))
    const known = registrarWith(sentinelAt(sentinel.port))
    expect(await known.contacts(ALICE)).toHaveLength(1)

    await sentinel.send('REMOVE', 'mymaster')
    await sentinel.send('MONITOR', 'mymaster', '127.0.0.1', String(second.port), '1')
    await first.send('REPLICAOF', '127.0.0.1', String(second.port))
    expect(await removed(known, ALICE, PHONE)).toBe(true)
    expect([await second.send('HLEN', `fs:${ALICE}`), lines]).toEqual([0, []])
    await eventually(() => proxy.heard.length > 0)
    expect(proxy.heard[0]).toEqual([ALICE, ''])
  })
})
