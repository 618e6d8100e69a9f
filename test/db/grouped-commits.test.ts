import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../src/db/db.ts'
import { postgresUrl, type TestDatabase, testDatabase } from '../support/database.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'
import { insertAccounts, insertSpace } from './rows.ts'

const DOMAIN = 'sip.example.org'
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/** COMMITs in the write-ahead log of SQLite, by its file format: the last frame of each names the database's size. */
const commitsInLog = (file: string): number => {
  const log = readFileSync(`${file}-wal`)
  if (log.length < HEADER_BYTES) return 0
  const view = new DataView(log.buffer, log.byteOffset, log.length)
  const pageBytes = view.getUint32(8)
  const salt = view.getBigUint64(16)
  let commits = 0
  for (let at = HEADER_BYTES; at + FRAME_HEADER_BYTES + pageBytes <= log.length; at += FRAME_HEADER_BYTES + pageBytes) {
    if (view.getBigUint64(at + 8) !== salt) break
    if (view.getUint32(at + 4) !== 0) commits += 1
  }
  return commits
}

const onSqlite = () => {
  let database: TestDatabase
  let other: OtherConnection
  let before: number

  beforeEach(async () => {
    database = await testDatabase()
    other = otherConnection(database.url)
    await database.db.transaction((tx) => insertSpace(tx, database.db, DOMAIN))
    before = commitsInLog(database.url)
  })
  afterEach(async () => {
    await other.close()
    await database.db.close()
    await database.drop()
  })

  const insert = (tx: Tx, username: string) => insertAccounts(tx, database.db, [{ username, domain: DOMAIN }])
  const names = async () =>
    (await other.query<{ username: string }>('SELECT username FROM accounts ORDER BY id')).map((row) => row.username)
  const commits = () => commitsInLog(database.url) - before

  test('share few COMMITs', async () => {
    const { db } = database
    await Promise.all(Array.from({ length: 300 }, (_, i) => db.transaction((tx) => insert(tx, `account${i}`))))
    expect(await names()).toHaveLength(300)
    // 64 a group.
    expect(commits()).toBe(5)
  })

  test('leave the loop to others between two groups', async () => {
    const { db } = database
    const turns: number[] = []
    let waiting = true
    const others = (async () => {
      for (let last = performance.now(); waiting; ) {
        await new Promise((resolve) => setImmediate(resolve))
        turns.push(performance.now() - last)
        last = performance.now()
      }
    })()
    await Promise.all(Array.from({ length: 1000 }, (_, i) => db.transaction((tx) => insert(tx, `account${i}`))))
    waiting = false
    await others
    expect(commits()).toBe(Math.ceil(1000 / 64))
    const longest = Math.max(...turns).toFixed(1)
    process.stdout.write(`measured: 1000 transactions at once held the loop for at most ${longest} ms\n`)
    expect(turns.length).toBeGreaterThan(1000 / 64)
  })

  test('are acknowledged together, after the COMMIT and never before', async () => {
    const { db } = database
    const settled: string[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const first = db.transaction((tx) => insert(tx, 'first')).then(() => settled.push('first'))
    const second = db
      .transaction(async (tx) => {
        await insert(tx, 'second')
        await gate
      })
      .then(() => settled.push('second'))
    await Bun.sleep(50)
    // The first has finished its work long ago; its row is not durable, so nobody was told.
    expect([settled, await names(), commits()]).toEqual([[], [], 0])
    open()
    await Promise.all([first, second])
    expect([settled, await names(), commits()]).toEqual([['first', 'second'], ['first', 'second'], 1])
  })

  test('are in the log at the very moment of the acknowledgement', async () => {
    const { db } = database
    const early: number[] = []
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        db
          .transaction((tx) => insert(tx, `account${i}`))
          .then(() => {
            // Synchronously: COMMITs so far must cover everybody who was acknowledged.
            if (commits() < Math.floor(i / 64) + 1) early.push(i)
          }),
      ),
    )
    expect(early).toEqual([])
  })

  test('roll back alone', async () => {
    const { db } = database
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        db.transaction(async (tx) => {
          await insert(tx, `account${i}`)
          if (i === 4) throw new Error('only me')
        }),
      ),
    )
    expect(results.map(({ status }) => status)).toEqual([
      ...Array(4).fill('fulfilled'),
      'rejected',
      ...Array(5).fill('fulfilled'),
    ])
    expect(await names()).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9].map((i) => `account${i}`))
    expect(commits()).toBe(1)
  })

  test('roll back alone after a statement that failed', async () => {
    const { db } = database
    const results = await Promise.allSettled([
      db.transaction((tx) => insert(tx, 'before')),
      db.transaction((tx) => insertAccounts(tx, db, [{ username: 'orphan', domain: 'sip.unknown.org' }])),
      db.transaction((tx) => insert(tx, 'after')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await names()).toEqual(['before', 'after'])
  })

  test('are all refused when their COMMIT fails, and the next group is served', async () => {
    const { db } = database
    const { passwords } = db.tables
    const results = await Promise.allSettled([
      db.transaction((tx) => insert(tx, 'before')),
      db.transaction(async (tx) => {
        // A row that belongs to nothing, noticed only by COMMIT.
        ;(tx as unknown as { run(query: SQL): void }).run(sql`PRAGMA defer_foreign_keys = ON`)
        await tx.insert(passwords).values({ accountId: 999_999, password: '0', algorithm: 'MD5' })
      }),
      db.transaction((tx) => insert(tx, 'after')),
    ])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(results.map((result) => (result.status === 'rejected' ? String(result.reason) : ''))).toEqual(
      Array(3).fill(expect.stringContaining('FOREIGN KEY constraint failed')),
    )
    expect([await names(), commits(), db.commits()]).toEqual([[], 0, 1])
    await db.transaction((tx) => insert(tx, 'next'))
    expect(await names()).toEqual(['next'])
  })

  test('are finished before the database is closed', async () => {
    const { db } = database
    const writes = Promise.all(Array.from({ length: 200 }, (_, i) => db.transaction((tx) => insert(tx, `account${i}`))))
    const again = database.reopen()
    await db.close()
    await writes
    expect(await again.read.select().from(again.tables.accounts)).toHaveLength(200)
    database = { ...database, db: again }
  })
}

// PostgreSQL groups the commits of its connections itself.
if (postgresUrl === null) describe('transactions that wait for the writer', onSqlite)
