import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import { prepared, type Running, serve } from '../support/executable.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

// What people hear while the database cannot serve them (D53), and that nothing has to be done afterwards.

const WAIT_MS = 20_000

type Place = Awaited<ReturnType<typeof prepared>>

const asker = ({ base }: Running, { admin }: Place) => {
  const ask = (method: string, path: string, body?: object, accept = 'application/json') =>
    fetch(`${base}${path}`, {
      method,
      headers: { 'x-api-key': admin.api_key, 'content-type': 'application/json', accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const create = (username: string) =>
    ask('POST', '/api/accounts', { username, password: 'correct-horse', algorithm: 'SHA-256' })
  const names = async (): Promise<string[]> => {
    const { data } = (await (await ask('GET', '/api/accounts?per_page=100')).json()) as { data: { username: string }[] }
    return data.map(({ username }) => username).sort()
  }
  return { ask, create, names }
}

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + WAIT_MS
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('this does not happen any more')
    await Bun.sleep(50)
  }
}

const expectUnavailable = async (reply: Response) => {
  expect([reply.status, reply.headers.get('retry-after'), reply.headers.get('content-type')]).toEqual([
    503,
    '5',
    'application/json',
  ])
  expect(((await reply.json()) as { message: string }).message).toBe(
    'The service cannot reach its data at the moment. Try again in a few seconds.',
  )
}

const mount = (folder: string): boolean =>
  process.getuid?.() === 0 &&
  Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stderr: 'ignore' }).exitCode === 0

describe.skipIf(postgresUrl !== null)('a full disk under SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-full-'))
  // The body of a describe that is skipped runs all the same, and what it mounts nobody would take away.
  const isMounted = postgresUrl === null && mount(folder)
  if (postgresUrl === null && !isMounted) process.stdout.write('skipped: only root can mount a small disk\n')
  afterAll(() => {
    if (isMounted) Bun.spawnSync(['umount', '-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })

  test.skipIf(!isMounted)('is 503 to whoever writes, half of nothing, and over when there is room again', async () => {
    const place = await prepared({ DATA_DIR: folder, BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD: '0' })
    const running = await serve(place)
    const { ask, create, names } = asker(running, place)
    expect((await create('before.1')).status).toBe(200)
    const ballast = join(folder, 'ballast')
    const known = new Set(['admin', 'before.1'])

    const fill = () => {
      for (let size = 1 << 20; size >= 4096; size >>= 1) {
        for (let more = true; more; ) {
          const before = statSync(ballast, { throwIfNoEntry: false })?.size ?? 0
          try {
            writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' })
          } catch {
            // Only a part of it has found room.
          }
          more = statSync(ballast).size - before === size
        }
      }
    }
    fill()
    // What the log has room for already is written; then nothing is.
    let refused = 0
    for (let round = 0; refused === 0 && round < 400; round++) {
      const username = `during.${round}`
      const reply = await create(username)
      if (reply.status === 200) known.add(username)
      else {
        await expectUnavailable(reply)
        refused += 1
      }
    }
    expect(refused).toBe(1)
    expect((await ask('GET', '/up')).status).toBe(503)

    // Many at once share a COMMIT: all of them hear that it has failed.
    const together = await Promise.all(Array.from({ length: 40 }, (_, i) => create(`together.${i}`)))
    for (const reply of together) await expectUnavailable(reply)
    const page = await ask('GET', '/login', undefined, 'text/html')
    expect(page.status).toBe(200)
    expect((await ask('GET', '/api/accounts/me')).status).toBe(200)
    expect(await names()).toEqual([...known].slice(0, 100).sort())

    rmSync(ballast)
    await until(async () => (await ask('GET', '/up')).status === 200)
    expect((await create('after.1')).status).toBe(200)
    known.add('after.1')
    expect(await names()).toEqual([...known].sort())
    expect(await running.stop()).toBe(0)
    expect(running.output()).toContain('the database does not serve requests')
    expect(running.output()).not.toContain('request failed')
  })
})

describe.skipIf(postgresUrl === null)('a PostgreSQL that is stopped', () => {
  let postgres: TestPostgres
  let place: Place
  let running: Running
  beforeAll(async () => {
    postgres = await startPostgres(tmpdir(), { max_connections: '14', superuser_reserved_connections: '2' })
    // Its own server, in place of the one that the tests share.
    place = await prepared({ DATABASE_URL: postgres.url })
    running = await serve(place)
  })
  afterAll(async () => {
    await running.stop()
    await postgres.stop()
    await place.remove()
  })

  test('is 503 to everybody, also to a person, and over when it is started again', async () => {
    const { ask, create, names } = asker(running, place)
    expect((await create('before.1')).status).toBe(200)
    expect((await ask('GET', '/up')).status).toBe(200)

    // In the middle of many: each is written, or told that it is not.
    const asked = Array.from({ length: 60 }, (_, i) => `during.${i}`)
    const outcomes = Promise.all(asked.map(async (username) => ({ username, reply: await create(username) })))
    await postgres.halt()
    const written: string[] = []
    const told: string[] = []
    for (const { username, reply } of await outcomes) {
      if (reply.status === 200) written.push(username)
      else {
        await expectUnavailable(reply)
        told.push(username)
      }
    }
    expect((await ask('GET', '/up')).status).toBe(503)
    // Which Space a host is, is remembered for a second.
    await until(async () => (await ask('GET', '/api/ping')).status === 503)
    for (const path of ['/api/accounts', '/api/accounts/me', '/provisioning/abc', '/api/ping']) {
      await expectUnavailable(await ask('GET', path))
    }
    await expectUnavailable(await create('refused.1'))
    const page = await ask('GET', '/login', undefined, 'text/html')
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5'])
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')

    await postgres.resume()
    await until(async () => (await ask('GET', '/up')).status === 200)
    expect((await create('after.1')).status).toBe(200)
    const found = new Set(await names())
    for (const username of ['admin', 'before.1', 'after.1', ...written])
      expect([username, found.has(username)]).toEqual([username, true])
    expect(found.has('refused.1')).toBe(false)
    // Who was told to come again can.
    for (const username of told)
      expect([username, [200, 422].includes((await create(username)).status)]).toEqual([username, true])
    expect(running.output()).not.toContain('request failed')
  })

  test('that has no connection left for us is 503 as well, until it has', async () => {
    const { ask, create } = asker(running, place)
    await postgres.halt()
    await postgres.resume()
    const { SQL } = await import('bun')
    const greedy = Array.from({ length: 14 }, () => new SQL({ url: postgres.url, max: 1 }))
    await Promise.allSettled(greedy.map((client) => client`SELECT 1`))
    await expectUnavailable(await ask('GET', '/api/accounts'))
    await expectUnavailable(await create('crowded.1'))
    expect((await ask('GET', '/up')).status).toBe(503)
    await Promise.allSettled(greedy.map((client) => client.close()))
    await until(async () => (await ask('GET', '/up')).status === 200)
    expect((await create('crowded.1')).status).toBe(200)
  })
})
