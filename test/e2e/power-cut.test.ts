import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { prepared, serve } from '../support/executable.ts'
import { otherConnection } from '../support/other-connection.ts'

const ROUNDS = 200
const WRITERS = 8

test(
  `${ROUNDS} times killed in the middle of concurrent writes, no acknowledged account is lost`,
  async () => {
    const place = await prepared()
    const started = performance.now()
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
      // Somewhere in the middle of the writes, however slow this machine is.
      const before = acknowledged.length
      for (let waited = 0; acknowledged.length === before && waited < 500; waited++) await Bun.sleep(2)
      await Bun.sleep(Math.random() * 80)
      await running.kill()
      alive = false
      await writers
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    process.stdout.write(
      `measured: ${ROUNDS} power cuts in ${seconds} s, ${acknowledged.length} acknowledged accounts\n`,
    )
    expect(acknowledged.length).toBeGreaterThan(ROUNDS)

    const database = otherConnection(place.env.DATABASE_URL ?? join(place.folder, 'sipkeeper.sqlite'))
    if (place.env.DATABASE_URL === undefined) {
      expect(await database.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
      expect(await database.query('PRAGMA foreign_key_check')).toEqual([])
    }
    const accounts = await database.query<{ username: string }>('SELECT username FROM accounts')
    const names = new Set(accounts.map(({ username }) => username))
    const [counted] = await database.query('SELECT sum(accounts) AS n FROM account_blocks')
    expect(Number(counted?.n)).toBe(names.size)
    // No account is half there either.
    const halves = 'SELECT username FROM accounts WHERE id NOT IN (SELECT account_id FROM passwords)'
    expect(await database.query(halves)).toEqual([])
    await database.close()
    expect(acknowledged.filter((name) => !names.has(name))).toEqual([])
    await place.remove()
  },
  { timeout: 300_000 },
)
