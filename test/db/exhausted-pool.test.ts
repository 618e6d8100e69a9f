import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { Db } from '../../src/db/db.ts'
import { outageOf } from '../../src/db/outage.ts'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'

// SQLite has no pool: there writers queue, and readers do not wait for them.

/** Short, and still no measure of anything: what has no connection then gets none for as long as the test likes. */
const WAIT_MS = 2000
const CONNECTIONS = 10
/** A quarter of them is left to reads. */
const TRANSACTIONS = 8

describe.skipIf(postgresUrl === null)('a pool whose connections are all taken', () => {
  let t: TestApp
  let admin: TestAccount
  let other: OtherConnection
  beforeEach(async () => {
    t = await testApp({ connectionWaitMs: WAIT_MS })
    admin = await t.account({ username: 'admin', admin: true })
    other = otherConnection(t.database.url)
  })
  afterEach(async () => {
    await other.close()
    await t.close()
  })

  const create = (username: string) =>
    t.post('/api/accounts', { as: admin, body: { username, password: 'correct-horse', algorithm: 'SHA-256' } })
  const names = async () => (await t.db.read.select().from(t.db.tables.accounts)).map(({ username }) => username).sort()
  const waitingForLock = async () =>
    (
      await other.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
    ).length

  /** As many transactions as there may be at once, which stay open until they are let go. */
  const takeTransactions = async (db: Db) => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>()
    let begun = 0
    const holders = Array.from({ length: TRANSACTIONS }, () =>
      db.transaction(async () => {
        begun += 1
        await letGo
      }),
    )
    await eventually(() => begun === TRANSACTIONS)
    return async () => {
      resolve()
      await Promise.all(holders)
    }
  }

  /** The same, and the connections that are left to reads. */
  const takeAll = async (db: Db) => {
    const letGo = await takeTransactions(db)
    await other.query('SELECT pg_advisory_lock(1)')
    const reads = Array.from({ length: CONNECTIONS - TRANSACTIONS }, () =>
      db.read.select({ locked: sql`pg_advisory_xact_lock(1)::text` }).from(sql`(select 1) as one`),
    )
    const waiting = Promise.all(reads)
    await eventually(async () => (await waitingForLock()) === reads.length)
    return async () => {
      await other.query('SELECT pg_advisory_unlock(1)')
      await Promise.all([letGo(), waiting])
    }
  }

  test('goes on with reads while all transactions that there may be wait', async () => {
    const letGo = await takeTransactions(t.db)
    expect(await t.db.read.select().from(t.db.tables.spaces)).toHaveLength(2)
    expect((await t.get('/api/accounts/me', { as: admin })).status).toBe(200)
    await letGo()
  })

  test('is 503 to whoever gets none, writes nothing for them later, and is over with the lock', async () => {
    const look = () => t.get('/api/accounts/me', { as: admin })
    const ask = () => t.post('/api/account_creation_request_tokens', { body: {} })
    const tokens = async () => (await t.db.read.select().from(t.db.tables.accountCreationRequestTokens)).length
    expect((await ask()).status).toBe(201)

    await other.query('BEGIN')
    await other.query('LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE')
    const holding: Promise<Reply>[] = []
    for (let taken = 0; taken < CONNECTIONS; taken++) {
      holding.push(taken % 2 === 0 ? look() : create(`holder.${taken}`))
      await eventually(async () => (await waitingForLock()) === taken + 1)
    }

    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => [look(), create(`person.${i}`), ask()]).flat(),
    )
    for (const { status, headers, json } of replies) {
      expect([status, headers.get('retry-after')]).toEqual([503, '5'])
      expect(json.message).toBe('The service cannot reach its data at the moment. Try again in a few seconds.')
    }
    expect((await t.get('/up')).status).toBe(503)
    expect(t.lines.join()).toContain('"outage":"busy"')
    expect(await waitingForLock()).toBe(CONNECTIONS)

    await other.query('ROLLBACK')
    expect((await Promise.all(holding)).map(({ status }) => status)).toEqual(Array(CONNECTIONS).fill(200))
    expect((await create('after.1')).status).toBe(200)
    expect((await look()).status).toBe(200)
    expect((await t.get('/up')).status).toBe(200)
    const holders = [1, 3, 5, 7, 9].map((i) => `holder.${i}`)
    expect(await names()).toEqual(['admin', 'after.1', ...holders])
    expect(await t.db.read.select().from(t.db.tables.passwords)).toHaveLength(holders.length + 2)
    expect(await tokens()).toBe(1)
    expect(t.db.openTransactions()).toBe(0)
    expect(t.lines.join()).not.toContain('request failed')
  })

  test('does not run a transaction whose connection comes too late', async () => {
    const letGo = await takeTransactions(t.db)
    let ran = 0
    const late = Array.from({ length: 20 }, () =>
      t.db.transaction(async () => {
        ran += 1
      }),
    )
    const outcomes = await Promise.allSettled(late)
    expect(outcomes.map((one) => (one.status === 'rejected' ? outageOf(one.reason) : one.status))).toEqual(
      Array(20).fill('busy'),
    )
    await letGo()
    // As many at once again: the driver is done with all who were late.
    await (await takeTransactions(t.db))()
    expect(ran).toBe(0)
  })

  test('ends a read, prepared or not, and a count of the limits', async () => {
    const letGo = await takeAll(t.db)
    const { db } = t
    const prepared = db.prepare('one', {}, (on) => on.select({ one: sql<number>`1` }).from(db.tables.spaces))
    const reads = () => [
      prepared(db.read, {}),
      db.read.select().from(db.tables.accounts),
      db.limiterStore?.query({ text: 'SELECT 1 AS one', values: [] }),
    ]
    for (const one of await Promise.allSettled(reads())) {
      expect(one.status === 'rejected' ? outageOf(one.reason) : one.status).toBe('busy')
    }
    await letGo()
    expect((await Promise.allSettled(reads())).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
  })

  test('serves whoever waited less', async () => {
    const db = t.database.reopen()
    const letGo = await takeAll(db)
    const answers = Promise.all([db.read.select().from(db.tables.spaces), db.transaction(async () => 'served')])
    await letGo()
    const [spaces, served] = await answers
    expect([spaces.length, served]).toEqual([2, 'served'])
    await db.close()
  })
})
