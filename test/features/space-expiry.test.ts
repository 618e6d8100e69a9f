import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Space } from '../../src/nouns/space.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { DAY_MS } from '../support/time.ts'

let t: TestApp
let space: Space
/** 00:00 UTC of the day on which the Space ends. */
const END = new Date('2026-06-30T00:00:00.000Z')

beforeEach(async () => {
  t = await testApp()
  space = await t.space({ domain: 'sip.ending.org', host: 'ending.localhost', name: 'Ending', expireAt: END })
  await t.account({ space, username: 'boss', admin: true, email: 'boss@example.org' })
})
afterEach(() => t.close())

/** So many days before the end, at seven in the morning, when the job runs. */
const at = (days: number) => {
  t.clock.now = new Date(END.getTime() - days * DAY_MS + 7 * 3_600_000)
}
const run = async () => {
  const job = t.parts.jobs.named('space-expiry')
  if (job === null) throw new Error('no such job')
  return (await t.parts.jobs.run(job))?.count
}
const daysTold = async () => (await t.messages()).map(({ data }) => data?.days)

describe('administrators are told that their Space expires', () => {
  test('7, 3 and 1 days before, once each; on no other day and never afterwards', async () => {
    for (let days = 20; days >= -3; days--) {
      at(days)
      await run()
      await run()
    }
    expect(await daysTold()).toEqual([7, 3, 1])
  })

  test('not on a day between, also when the job has never run before', async () => {
    at(5)
    expect(await run()).toBe(0)
    at(4)
    expect(await run()).toBe(0)
  })

  test('with the days that are left, when the day itself was missed; of several missed days once', async () => {
    at(8)
    await run()
    at(6)
    expect(await run()).toBe(1)
    at(5)
    expect(await run()).toBe(0)
    at(2)
    expect(await run()).toBe(1)
    at(1)
    expect(await run()).toBe(1)
    expect(await daysTold()).toEqual([6, 2, 1])
  })

  test('although the run before failed', async () => {
    at(8)
    await run()
    at(7)
    const job = t.parts.jobs.named('space-expiry')
    const failing = async () => {
      throw new Error('no')
    }
    if (job !== null) await t.parts.jobs.run(job, failing).catch(() => {})
    at(6)
    expect(await run()).toBe(1)
  })

  test('each of them who has an address, in their own language or the one of the Space, and nobody else', async () => {
    const french = await t.space({ domain: 'a.org', host: 'a.localhost', name: 'A', expireAt: END, locale: 'fr' })
    await t.account({ space: french, username: 'one', admin: true, email: 'one@example.org' })
    await t.account({ space: french, username: 'two', admin: true, email: 'two@example.org', locale: 'en' })
    await t.account({ space: french, username: 'silent', admin: true })
    await t.account({ space: french, username: 'user', email: 'user@example.org' })
    at(3)
    expect(await run()).toBe(3)
    const told = (await t.messages()).map(({ recipient, language, data }) => ({ recipient, language, data }))
    const data = (accounts_count: number) => ({ days: 3, expire_at: '2026-06-30', accounts_count })
    expect(told).toEqual([
      { recipient: 'boss@example.org', language: 'en', data: data(1) },
      { recipient: 'one@example.org', language: 'fr', data: data(4) },
      { recipient: 'two@example.org', language: 'en', data: data(4) },
    ])
  })

  test('anew when the end is moved', async () => {
    at(7)
    await run()
    const { sql } = await import('drizzle-orm')
    const later = new Date(END.getTime() + 10 * DAY_MS)
    const { spaces } = t.db.tables
    await t.db.transaction((tx) => tx.update(spaces).set({ expireAt: later }).where(sql`id = ${space.id}`))
    at(-3)
    expect(await run()).toBe(1)
    expect((await t.messages()).map(({ data }) => data?.expire_at)).toEqual(['2026-06-30', '2026-07-10'])
  })

  test('by a mail that is not sent once the Space has expired', async () => {
    at(1)
    await run()
    const [row] = await t.db.read.select().from(t.db.tables.outboxMessages)
    expect(row?.expiresAt).toEqual(END)
  })
})
