import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { and, eq, inArray } from 'drizzle-orm'
import fc from 'fast-check'
import { directoryStore } from '../../src/accounts/directory/store.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type OtherConnection, otherConnection } from '../support/other-connection.ts'
import { insertAccounts, insertSpace } from './rows.ts'

const DOMAINS = ['sip.a.org', 'sip.b.org', 'sip.c.org']
const BLOCK = 1000

let database: TestDatabase
let other: OtherConnection

beforeEach(async () => {
  database = await testDatabase()
  other = otherConnection(database.url)
})
afterEach(async () => {
  await other.close()
  await database.db.close()
  await database.drop()
})

type Count = { domain: string; block: number; n: number }

const counted = () =>
  other.query<Count>(
    'SELECT domain, block, accounts AS n FROM account_blocks WHERE accounts <> 0 ORDER BY domain, block',
  )
const real = async () =>
  (
    await other.query<Count>(
      `SELECT domain, id / ${BLOCK} AS block, count(*) AS n FROM accounts GROUP BY domain, id / ${BLOCK} ORDER BY domain, block`,
    )
  ).map((row) => ({ ...row, n: Number(row.n) }))

const domain = fc.constantFrom(...DOMAINS)
const id = fc.integer({ min: 1, max: 4500 })

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('insert' as const),
      domain,
      ids: fc.array(id, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), from: id, to: id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), from: id, to: id, domain }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename' as const), id }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), domain }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

describe('the counts of blocks of accounts', () => {
  test('equal count(*) through inserts, collisions, deletions, moves, renames, cascades and rollbacks', async () => {
    const { db } = database
    const { accounts, spaces } = db.tables
    const take = (tx: Parameters<Parameters<typeof db.transaction>[0]>[0]) => async (done: Step) => {
      switch (done.do) {
        case 'insert':
          await tx
            .insert(spaces)
            .values({
              domain: done.domain,
              host: done.domain,
              name: done.domain,
              createdAt: new Date(0),
              updatedAt: new Date(0),
            })
            .onConflictDoNothing()
          await insertAccounts(
            tx,
            db,
            done.ids.map((id) => ({ id, username: `u${id}`, domain: done.domain })),
          )
          break
        case 'delete':
          await tx.delete(accounts).where(inArray(accounts.id, [done.from, done.from + 1, done.to]))
          break
        case 'move': {
          const there = await tx.select().from(spaces).where(eq(spaces.domain, done.domain))
          if (there.length === 0) break
          await tx
            .update(accounts)
            .set({ domain: done.domain })
            .where(inArray(accounts.id, [done.from, done.to]))
          break
        }
        case 'rename':
          await tx
            .update(accounts)
            .set({ username: `renamed${done.id}` })
            .where(eq(accounts.id, done.id))
          break
        case 'drop':
          await tx.delete(spaces).where(eq(spaces.domain, done.domain))
      }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ step, fails: fc.boolean() }), { minLength: 5, maxLength: 40 }),
        async (steps) => {
          for (const { step: done, fails } of steps) {
            await db
              .transaction(async (tx) => {
                await take(tx)(done)
                if (fails) throw new Error('rolled back')
              })
              .catch((error: Error) => {
                if (error.message !== 'rolled back') throw error
              })
          }
          expect(await counted()).toEqual(await real())
          await db.transaction((tx) => tx.delete(spaces))
          expect(await counted()).toEqual([])
        },
      ),
      { numRuns: 25 },
    )
  }, 120_000)

  test('stay right when many write at once', async () => {
    const { db } = database
    const { accounts } = db.tables
    await db.transaction((tx) => insertSpace(tx, db, 'sip.a.org'))
    await db.transaction((tx) => insertSpace(tx, db, 'sip.b.org'))
    await Promise.all(
      Array.from({ length: 150 }, (_, i) =>
        db.transaction(async (tx) => {
          const [made] = await insertAccounts(tx, db, [{ username: `u${i}`, domain: DOMAINS[i % 2] ?? '' }])
          if (i % 5 === 0) await tx.delete(accounts).where(eq(accounts.id, made?.id ?? 0))
        }),
      ),
    )
    expect(await counted()).toEqual(await real())
    expect((await real()).reduce((sum, { n }) => sum + n, 0)).toBe(120)
  })
})

test('a page found by its block is the page that OFFSET finds, anywhere, after random deletions', async () => {
  const { db } = database
  const { accounts } = db.tables
  const store = directoryStore(db)
  const [mine, others] = ['sip.a.org', 'sip.b.org']
  const random = (below: number) => Math.floor(Math.random() * below)
  let nextId = 1
  const rows = Array.from({ length: 6000 }, (_, i) => {
    // Gaps, and now and then a jump over whole blocks.
    nextId += 1 + random(4) + (i % 1500 === 1499 ? 3500 : 0)
    return { id: nextId, username: `u${i}`, domain: (random(3) === 0 ? others : mine) as string }
  })
  await db.transaction(async (tx) => {
    for (const name of [mine, others]) await insertSpace(tx, db, name as string)
    for (let at = 0; at < rows.length; at += 1000) await insertAccounts(tx, db, rows.slice(at, at + 1000))
  })
  const doomed = rows.filter(({ id }) => random(2) === 0 || (id > 2000 && id < 4100)).map((row) => row.id)
  await db.transaction(async (tx) => {
    for (let at = 0; at < doomed.length; at += 1000) {
      await tx.delete(accounts).where(inArray(accounts.id, doomed.slice(at, at + 1000)))
    }
  })
  for (const name of [mine, others] as string[]) {
    const space = { space: { domain: name } }
    const left = await other.query<{ id: number }>('SELECT id FROM accounts WHERE domain = :name ORDER BY id', { name })
    const total = await store.count(db.read, space)
    expect(total).toBe(left.length)
    const positions = [
      0,
      1,
      total - 1,
      total,
      total + 1,
      total + 5000,
      ...Array.from({ length: 150 }, () => random(total)),
    ]
    for (const position of positions) {
      const size = 1 + random(40)
      const page = await store.page(space, position, size)
      expect(page.total).toBe(total)
      const byOffset = await db.read
        .select({ id: accounts.id })
        .from(accounts)
        .where(and(eq(accounts.domain, name)))
        .orderBy(accounts.id)
        .limit(size)
        .offset(position)
      expect(page.accounts.map((account) => account.id)).toEqual(byOffset.map((row) => row.id))
      expect(byOffset.map((row) => row.id)).toEqual(left.slice(position, position + size).map((row) => row.id))
    }
  }
}, 60_000)
