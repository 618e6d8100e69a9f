import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../src/db/db.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'
import { insertAccounts, insertSpace } from './rows.ts'

const DOMAIN = 'sip.example.org'

let database: TestDatabase
let other: OtherConnection

beforeEach(async () => {
  database = await testDatabase()
  other = otherConnection(database.url)
  await database.db.transaction((tx) => insertSpace(tx, database.db, DOMAIN))
})
afterEach(async () => {
  await other.close()
  await database.db.close()
  await database.drop()
})

const insert = (tx: Tx, username: string) => insertAccounts(tx, database.db, [{ username, domain: DOMAIN }])
const names = async () =>
  (await other.query<{ username: string }>('SELECT username FROM accounts ORDER BY id')).map((row) => row.username)

describe('reading', () => {
  test('has no way to write', async () => {
    const { db } = database
    // A write outside a transaction does not compile.
    // @ts-expect-error
    const write = () => db.read.insert(db.tables.accounts)
    expect(write).toBeFunction()
    // Behind the types SQLite's reader is a read-only connection; PostgreSQL has one pool for both.
    if (db.dialect === 'sqlite') {
      const reader = db.read as unknown as Tx
      await expect((async () => insert(reader, 'smuggled'))()).rejects.toThrow(/readonly/)
    }
    expect(await names()).toEqual([])
  })

  test('sees nothing that is not committed', async () => {
    const { db } = database
    const seen: number[] = []
    const look = async () => seen.push((await db.read.select().from(db.tables.accounts)).length)
    await db.transaction(async (tx) => {
      await insert(tx, 'alice')
      await look()
      expect(await tx.select().from(db.tables.accounts)).toHaveLength(1)
    })
    await look()
    expect(seen).toEqual([0, 1])
  })
})

describe('a transaction', () => {
  test('leaves nothing behind when its work throws, also after real time', async () => {
    const { db } = database
    const failing = db.transaction(async (tx) => {
      await insert(tx, 'ghost')
      await Bun.sleep(5)
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await names()).toEqual([])
  })

  test('leaves nothing behind when its work throws before its first await', async () => {
    const failing = database.db.transaction((): Promise<void> => {
      throw new Error('at once')
    })
    await expect(failing).rejects.toThrow('at once')
    await database.db.transaction((tx) => insert(tx, 'next'))
    expect(await names()).toEqual(['next'])
  })

  test('does not take a bystander along when it fails', async () => {
    const { db } = database
    const failing = db.transaction(async (tx) => {
      await insert(tx, 'ghost')
      await Bun.sleep(10)
      throw new Error('no')
    })
    const bystander = db.transaction((tx) => insert(tx, 'bystander'))
    await Promise.allSettled([failing, bystander])
    expect(await names()).toEqual(['bystander'])
  })

  test('inside a transaction is refused with what to do instead, and the outer one goes on', async () => {
    const { db } = database
    let refusal = ''
    await db.transaction(async (tx) => {
      await insert(tx, 'outer')
      await db
        .transaction((inner) => insert(inner, 'inner'))
        .catch((error: Error) => {
          refusal = error.message
        })
    })
    expect(refusal).toBe('A transaction inside a transaction: pass tx down instead.')
    expect(await names()).toEqual(['outer'])
  })

  test('started by work that was refused, but after it, is none inside', async () => {
    const { db } = database
    await db
      .transaction(async () => {
        throw new Error('first')
      })
      .catch(() => db.transaction((tx) => insert(tx, 'second')))
    await db.transaction((tx) => insert(tx, 'third')).then(() => db.transaction((tx) => insert(tx, 'fourth')))
    expect(await names()).toEqual(['second', 'third', 'fourth'])
  })

  test('is acknowledged only when another connection sees it', async () => {
    const { db } = database
    const missing: string[] = []
    const writes = Array.from({ length: 100 }, (_, i) =>
      db
        .transaction((tx) => insert(tx, `account${i}`))
        .then(async () => {
          const found = await other.query('SELECT 1 FROM accounts WHERE username = :name', { name: `account${i}` })
          if (found.length !== 1) missing.push(`account${i}`)
        }),
    )
    await Promise.all(writes)
    expect(missing).toEqual([])
    expect(await names()).toHaveLength(100)
  })

  test('decides by what its write returned: one of fifty wins a name', async () => {
    const { db } = database
    const results = await Promise.all(
      Array.from({ length: 50 }, () => db.transaction(async (tx) => (await insert(tx, 'wanted')).length)),
    )
    expect(results.sort()).toEqual([...Array(49).fill(0), 1])
  })

  test('loses no update among two hundred at once', async () => {
    const { db } = database
    const { spaces } = db.tables
    await Promise.all(
      Array.from({ length: 200 }, () =>
        db.transaction((tx) =>
          tx
            .update(spaces)
            .set({ maxAccounts: sql`${spaces.maxAccounts} + 1` })
            .where(eq(spaces.domain, DOMAIN)),
        ),
      ),
    )
    expect(await other.query('SELECT max_accounts AS n FROM spaces')).toEqual([{ n: 200 }])
    expect(db.openTransactions()).toBe(0)
  })
})

describe('a row', () => {
  test('that belongs to nothing is refused', async () => {
    const { db } = database
    const orphan = db.transaction((tx) => insertAccounts(tx, db, [{ username: 'orphan', domain: 'sip.unknown.org' }]))
    await expect(orphan).rejects.toThrow()
    expect(await names()).toEqual([])
  })

  test('comes back as it went in: instants to the millisecond, booleans, null', async () => {
    const { db } = database
    await db.transaction((tx) => insert(tx, 'alice'))
    const [row] = await db.read.select().from(db.tables.accounts)
    expect(row).toMatchObject({ activated: false, email: null, createdAt: new Date('2026-06-01T12:00:00.000Z') })
    const at = new Date('2026-02-03T04:05:06.789Z')
    await db.transaction((tx) => tx.update(db.tables.accounts).set({ activated: true, updatedAt: at }))
    const [changed] = await db.read.select().from(db.tables.accounts)
    expect([changed?.activated, changed?.updatedAt]).toEqual([true, at])
  })
})

test('an acknowledged write is durable: the database is told to wait for the disk', async () => {
  const { db } = database
  if (db.dialect === 'postgres') {
    // What a connection can give away; `fsync` is the server's.
    const [row] = await db.read
      .select({ value: sql`current_setting('synchronous_commit')` })
      .from(sql`(select 1) as one`)
    expect(row).toEqual({ value: 'on' })
    return
  }
  expect(await other.query('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
  const pragmas = await db.transaction(async (tx) => {
    const get = (name: string) =>
      (tx as unknown as { get(query: unknown): Record<string, number> }).get(sql.raw(`PRAGMA ${name}`))
    return [get('synchronous'), get('foreign_keys')]
  })
  // 1 is NORMAL: SQLite waits where the log begins anew, and we do after each commit (power-cuts.test.ts).
  expect(pragmas.map((row) => (Array.isArray(row) ? row[0] : Object.values(row)[0]))).toEqual([1, 1])
})

test('a transaction that comes after the close is refused, and nothing else happens', async () => {
  const { db, reopen, drop } = await testDatabase()
  await db.close()
  await expect(db.transaction(async () => {})).rejects.toThrow()
  const again = reopen()
  await again.ping()
  await again.close()
  await drop()
})
