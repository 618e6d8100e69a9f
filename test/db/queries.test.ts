import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { and, asc, eq, gte, sql } from 'drizzle-orm'
import { bindersOf, bound } from '../../src/db/bound.ts'
import type { Db, Tx } from '../../src/db/db.ts'
import { exists, first, only } from '../../src/db/rows.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { otherConnection } from '../support/other-connection.ts'
import { insertAccounts, insertSpace } from './rows.ts'

const DOMAIN = 'sip.example.org'
const AT = new Date('2026-06-01T12:00:00.000Z')
const source = join(import.meta.dir, '../../src')

let database: TestDatabase
let db: Db
beforeEach(async () => {
  database = await testDatabase()
  db = database.db
  await db.transaction(async (tx) => {
    await insertSpace(tx, db, DOMAIN)
    await insertAccounts(
      tx,
      db,
      ['alice', 'bob', 'carol'].map((username) => ({ username, domain: DOMAIN })),
    )
  })
})
afterEach(async () => {
  await db.close()
  await database.drop()
})

describe('prepared reads of one turn of the loop', () => {
  const named = () => {
    const { accounts } = db.tables
    return db.prepare('named', { username: accounts.username }, (on, { username }) =>
      on.select({ id: accounts.id }).from(accounts).where(eq(accounts.username, username)),
    )
  }
  const insert = (username: string) => db.transaction((tx) => insertAccounts(tx, db, [{ username, domain: DOMAIN }]))

  test('see what was committed between them', async () => {
    const byName = named()
    for (const username of ['dave', 'erin', 'frank']) {
      expect(await byName(db.read, { username })).toEqual([])
      const written = insert(username)
      // Read while the transaction runs, which does not wait for it.
      await byName(db.read, { username })
      await written
      expect(await byName(db.read, { username })).toHaveLength(1)
    }
  })

  test('see what another process has committed before the turn', async () => {
    const byName = named()
    const other = otherConnection(database.url)
    try {
      expect(await byName(db.read, { username: 'alice' })).toHaveLength(1)
      await other.query("DELETE FROM accounts WHERE username = 'alice'")
      await new Promise((resolve) => setImmediate(resolve))
      expect(await byName(db.read, { username: 'alice' })).toEqual([])
    } finally {
      await other.close()
    }
  })

  test('do not keep the log from being used again, however many there are', async () => {
    if (db.dialect !== 'sqlite') return
    const byName = named()
    // SQLite takes 1000 pages of its log into the file at a time; these write several thousand.
    for (let i = 0; i < 3000; i++) {
      const [read] = await Promise.all([byName(db.read, { username: 'bob' }), insert(`account-${i}`)])
      expect(read).toHaveLength(1)
    }
    const PAGES = 1000
    const [PAGE_BYTES, SLACK] = [4096 + 24, 1.5]
    expect(statSync(`${database.url}-wal`).size).toBeLessThan(PAGES * PAGE_BYTES * SLACK)
  })
})

describe('a prepared query', () => {
  // The type checker runs over this file: a directive that nothing needs any more fails there.
  test('does not compile with a value that is misspelt, missing or of another type', () => {
    const { accounts } = db.tables
    const misspelt = () =>
      // @ts-expect-error: `usrname` was not declared.
      db.prepare('misspelt', { username: accounts.username }, (on, { usrname }) =>
        on.select().from(accounts).where(eq(accounts.username, usrname)),
      )
    const incomplete = () =>
      db.prepare('incomplete', { username: accounts.username, at: accounts.createdAt }, (on, row) =>
        // @ts-expect-error: an account has more columns than these that must be given.
        on.insert(accounts).values({ username: row.username, createdAt: row.at }),
      )
    const byName = () => db.prepare('named', { id: accounts.id }, (on) => on.select().from(accounts))
    const calls = [
      // @ts-expect-error: without its value.
      () => byName()(db.read, {}),
      // @ts-expect-error: under another name.
      () => byName()(db.read, { identity: 1 }),
      // @ts-expect-error: a text where the column holds a number.
      () => byName()(db.read, { id: '1' }),
      // @ts-expect-error: nothing, where the column always holds something.
      () => byName()(db.read, { id: null }),
    ]
    expect([misspelt, incomplete, ...calls]).toHaveLength(6)
  })

  test('is refused, by name, when it does not use what it declares', async () => {
    const { accounts } = db.tables
    const run = async () => {
      const query = db.prepare('forgetful', { id: accounts.id, domain: accounts.domain }, (on, { id }) =>
        on.select().from(accounts).where(eq(accounts.id, id)),
      )
      await query(db.read, { id: 1, domain: DOMAIN })
    }
    await expect(run()).rejects.toThrow('The query forgetful does not use: domain.')
  })

  test('takes instants, nulls and limits like a query that is built anew', async () => {
    const { accounts } = db.tables
    const since = db.prepare(
      'since',
      { domain: accounts.domain, at: accounts.createdAt, size: Number, skip: Number },
      (on, { domain, at, size, skip }) =>
        on
          .select({ username: accounts.username })
          .from(accounts)
          .where(and(eq(accounts.domain, domain), gte(accounts.createdAt, at), sql`${accounts.updatedAt} >= ${at}`))
          .orderBy(asc(accounts.id))
          .limit(size)
          .offset(skip),
    )
    const names = async (at: Date) =>
      (await since(db.read, { domain: DOMAIN, at, size: 2, skip: 1 })).map(({ username }) => username)
    expect(await names(AT)).toEqual(['bob', 'carol'])
    expect(await names(new Date(AT.getTime() + 1))).toEqual([])

    const mark = db.prepare(
      'mark',
      { username: accounts.username, email: accounts.email, blocked: accounts.blocked, at: accounts.updatedAt },
      (on, { username, email, blocked, at }) =>
        on
          .update(accounts)
          .set({ email, blocked, updatedAt: at })
          .where(eq(accounts.username, username))
          .returning({ email: accounts.email, blocked: accounts.blocked, at: accounts.updatedAt }),
    )
    const later = new Date(AT.getTime() + 7)
    const marked = (email: string | null) =>
      db.transaction((tx) => mark(tx, { username: 'bob', email, blocked: email !== null, at: later }))
    expect(await marked('bob@example.org')).toEqual([{ email: 'bob@example.org', blocked: true, at: later }])
    expect(await marked(null)).toEqual([{ email: null, blocked: false, at: later }])
  })
})

test('the prepared queries of every store use what they declare, and each has a name of its own', async () => {
  const names: string[] = []
  const prepare: Db['prepare'] = (name, parameters, build) => {
    const query = build(db.read as Tx, bound(parameters)) as unknown as { toSQL(): { params: unknown[] } }
    bindersOf(name, parameters, query.toSQL().params)
    names.push(name)
    return db.prepare(name, parameters, build)
  }
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /[/-]store\.ts$/.test(file))
  for (const file of files) {
    const made = Object.entries<unknown>(await import(join(source, file)))
    for (const [name, store] of made) if (/Store$/.test(name)) (store as (db: Db) => unknown)({ ...db, prepare })
  }
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

describe('rows of a query', () => {
  const named = (username: string) => {
    const { accounts } = db.tables
    return db.read.select({ username: accounts.username }).from(accounts).where(eq(accounts.username, username))
  }

  test('are one or null for `first`, a yes or no for `exists`, and always one for `only`', async () => {
    expect([await first(named('alice')), await first(named('nobody'))]).toEqual([{ username: 'alice' }, null])
    expect([await exists(named('alice')), await exists(named('nobody'))]).toEqual([true, false])
    expect(await only(named('alice'))).toEqual({ username: 'alice' })
    await expect(only(named('nobody'))).rejects.toThrow('had none')
  })

  test('count what a write did', async () => {
    const { accounts } = db.tables
    const remove = (username: string) =>
      db.transaction((tx) =>
        exists(tx.delete(accounts).where(eq(accounts.username, username)).returning({ id: accounts.id })),
      )
    expect([await remove('alice'), await remove('alice')]).toEqual([true, false])
  })
})
