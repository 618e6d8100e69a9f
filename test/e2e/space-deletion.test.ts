import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { prepared, serve, sipkeeper } from '../support/executable.ts'

// A Space that was being deleted when the process was killed is out of service, and goes by itself afterwards.

const ACCOUNTS = 3000

test.skipIf(postgresUrl !== null)(
  'kill -9 while a Space is deleted: the next process finishes it',
  async () => {
    const place = await prepared()
    await sipkeeper(['spaces:create-update', 'sip.other.org', 'other.localhost', 'Other'], place.env)
    const count = (table: 'accounts' | 'spaces'): number => {
      using db = new Database(join(place.folder, 'sipkeeper.sqlite'))
      return db.query<{ n: number }, []>(`select count(*) n from ${table} where domain = 'sip.other.org'`).get()?.n ?? 0
    }
    {
      using db = new Database(join(place.folder, 'sipkeeper.sqlite'))
      const insert = db.prepare(
        "insert into accounts (username, domain, ip_address, user_agent, created_at, updated_at) values (?, 'sip.other.org', '', '', 1, 1)",
      )
      db.transaction(() => {
        for (let i = 0; i < ACCOUNTS; i += 1) insert.run(`person${i}`)
      })()
    }
    const first = await serve(place)
    const headers = { 'x-api-key': place.admin.api_key }
    const asked = fetch(`${first.base}/api/spaces/sip.other.org`, { method: 'DELETE', headers }).catch(() => null)
    await eventually(() => count('accounts') < ACCOUNTS)
    await first.kill()
    expect(await asked).toBeNull()
    expect([count('accounts') > 0, count('spaces')]).toEqual([true, 1])

    const second = await serve(place)
    expect((await fetch(`${second.base.replace('localhost', 'other.localhost')}/login`)).status).toBe(403)
    const kept = await fetch(`${second.base}/api/spaces/sip.other.org/deletion`, { method: 'DELETE', headers })
    expect(kept.status).toBe(409)
    await second.stop()
    const job = await sipkeeper(['job:run', 'space-deletion'], place.env)
    expect([job.code, count('accounts'), count('spaces')]).toEqual([0, 0, 0])
    await place.remove()
  },
  60_000,
)
