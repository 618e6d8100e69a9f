import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { SQL } from 'bun'
import { prepared, serve } from '../support/executable.ts'

const ROUNDS = 200
const WRITERS = 8

test(
  `${ROUNDS} times killed in the middle of concurrent writes, no acknowledged account is lost`,
  async () => {
    const place = await prepared({ LOG_LEVEL: 'info' })
    const acknowledged: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const running = await serve(place)
      let alive = true
      const writer = async (number: number) => {
        for (let i = 0; alive; i++) {
          const username = `r${round}-w${number}-${i}`.padEnd(6, '-')
          const body = JSON.stringify({ username, password: 'correct-horse', algorithm: 'SHA-256' })
          const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
          const reply = await fetch(`${running.base}/api/accounts`, { method: 'POST', headers, body }).catch(() => null)
          if (reply?.status === 200) acknowledged.push(username)
          else if (reply !== null) throw new Error(`${reply.status} ${await reply.text()}`)
        }
      }
      const writers = Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)))
      await Bun.sleep(10 + (round % 7) * 7)
      await running.kill()
      alive = false
      await writers
    }
    expect(acknowledged.length).toBeGreaterThan(ROUNDS)

    const names = new Set<string>()
    if (place.env.DATABASE_URL === undefined) {
      const database = new Database(join(place.folder, 'sipkeeper.sqlite'))
      expect(database.query('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
      expect(database.query('PRAGMA foreign_key_check').all()).toEqual([])
      for (const { username } of database.query<{ username: string }, []>('SELECT username FROM accounts').all())
        names.add(username)
      const counted = database.query<{ n: number }, []>('SELECT sum(accounts) AS n FROM account_blocks').get()
      expect(counted?.n).toBe(names.size)
      database.close()
    } else {
      const database = new SQL(place.env.DATABASE_URL)
      for (const { username } of await database`SELECT username FROM accounts`) names.add(username)
      await database.close()
    }
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([])
    await place.remove()
  },
  { timeout: 300_000 },
)
