import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { openPostgres } from '../../src/db/postgres.ts'
import { openSqlite } from '../../src/db/sqlite.ts'
import { prepared, type Running, serve } from '../support/executable.ts'

/** Without the pages of the database file that SQLite maps. */
const ownMegabytes = () =>
  Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${running.child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

// What strangers tried against the executable.

let place: Awaited<ReturnType<typeof prepared>>
let running: Running
beforeAll(async () => {
  place = await prepared()
  running = await serve(place)
})
afterAll(async () => {
  await running.stop()
  await place.remove()
})

describe('nobody is held up', () => {
  test('by ten strangers who send e-mail addresses of 900 kB and of 60 kB as fast as they can', async () => {
    const post = (bytes: number) =>
      fetch(`${running.base}/api/accounts/with-account-creation-token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: 'a'.repeat(20), email: `${'a.'.repeat(bytes / 2)}@` }),
      }).then((reply) => reply.status)
    let isOver = false
    const strangers = Array.from({ length: 10 }, async () => {
      const seen = new Set<number>()
      while (!isOver) for (const bytes of [900_000, 60_000]) seen.add(await post(bytes))
      return [...seen].sort()
    })
    let slowest = 0
    for (let count = 0; count < 50; count += 1) {
      const started = performance.now()
      expect(await (await fetch(`${running.base}/api/ping`)).text()).toBe('pong')
      slowest = Math.max(slowest, performance.now() - started)
    }
    isOver = true
    for (const seen of await Promise.all(strangers)) expect(seen).toEqual([413, 422])
    process.stdout.write(`measured: the slowest of 50 pings took ${slowest.toFixed(0)} ms\n`)
    // It was ten seconds; on a busy machine the strangers themselves take most of the time.
    expect(slowest).toBeLessThan(2000)
  })

  test('by forty accounts that ask for all their vCards and read nothing of them', async () => {
    const { env, folder } = place
    const db =
      env.DATABASE_URL === undefined ? openSqlite(join(folder, 'sipkeeper.sqlite')) : openPostgres(env.DATABASE_URL)
    const { accounts, apiKeys, vcardsStorage } = db.tables
    const at = { createdAt: new Date(), updatedAt: new Date() }
    const note = `NOTE:${'x'.repeat(64_000)}`
    const cards = Array.from({ length: 128 }, (_, index) => ({
      uuid: `card-${index}`,
      vcard: `BEGIN:VCARD\nVERSION:4.0\nFN:Erin\nUID:card-${index}\n${note}\nEND:VCARD\n`,
    }))
    const names = Array.from({ length: 40 }, (_, index) => `person${index}`)
    // 8 MB each, of which the system takes less than half.
    for (const username of names) {
      await db.transaction(async (tx) => {
        const row = {
          username,
          domain: 'sip.example.org',
          activated: true,
          ipAddress: '192.0.2.1',
          userAgent: 'test',
          ...at,
        }
        const [made] = await tx.insert(accounts).values(row).returning()
        const accountId = made?.id ?? 0
        const key = Bun.SHA256.hash(`key-of-${username}`, 'hex')
        await tx.insert(apiKeys).values({ accountId, key, lastUsedAt: new Date(), ...at })
        await tx.insert(vcardsStorage).values(cards.map((card) => ({ accountId, ...card, ...at })))
      })
    }
    await db.close()
    const ask = async (username: string): Promise<Socket> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const socket = connect(running.port, '127.0.0.1', resolve)
      socket.pause()
      await promise
      socket.write(`GET /vcards-storage HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: key-of-${username}\r\n\r\n`)
      return socket
    }
    const whole = await fetch(`${running.base}/vcards-storage`, { headers: { 'x-api-key': 'key-of-person0' } })
    expect([whole.status, (await whole.text()).length > 8_000_000]).toEqual([200, true])
    const before = ownMegabytes()
    const sockets = await Promise.all([...names, ...names].map(ask))
    let most = before
    for (let count = 0; count < 40; count += 1) {
      expect((await fetch(`${running.base}/api/ping`)).status).toBe(200)
      most = Math.max(most, ownMegabytes())
      await Bun.sleep(50)
    }
    for (const socket of sockets) socket.destroy()
    process.stdout.write(`measured: ${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most\n`)
    // It was twice as much as all of them together: 640 MB.
    expect(most - before).toBeLessThan(150)
  })
})
