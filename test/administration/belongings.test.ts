import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// What an account has besides itself: a line at a carrier, a dictionary, credentials for address books (behaviour/panel.md §7.5).

let t: TestApp
let browser: ReturnType<typeof visitor>
let somebody: TestAccount
let path: string

beforeEach(async () => {
  t = await testApp()
  const boss = await t.account({ username: 'boss', admin: true, space: t.other })
  somebody = await t.account({ username: 'somebody', space: t.other })
  path = `/admin/accounts/${somebody.id}`
  browser = visitor(t, { host: 'other.localhost' })
  await browser.open('/login')
  await browser.submit({ username: boss.username, password: boss.password })
})
afterEach(() => t.close())

const read = async (rest = '') => words(await browser.open(path + rest))
const sent = async (rest: string, fields: Record<string, string>) => {
  await browser.open(path + rest)
  return browser.submit(fields)
}

describe('the external account', () => {
  const LINE = { username: '4722000124', domain: 'carrier.example', protocol: 'TLS', algorithm: 'MD5' }
  const stored = async () => (await t.db.read.select().from(t.db.tables.externalAccounts))[0]

  test('is refused with each fault at its field: no password, a bad domain, a registrar that says nothing new', async () => {
    const bare = await sent('/external', LINE)
    expect([bare.status, words(bare).includes('is needed for a new external account')]).toEqual([422, true])
    const wrong = { ...LINE, domain: 'not a domain', password: 'carrier-secret' }
    expect((await browser.submit(wrong)).status).toBe(422)
    expect((await browser.submit({ ...wrong, domain: 'carrier.example', registrar: 'carrier.example' })).status).toBe(
      422,
    )
    expect(await stored()).toBeUndefined()
  })

  test('keeps its password until its name, domain, realm or algorithm changes', async () => {
    const saved = await sent('/external', { ...LINE, password: 'carrier-secret' })
    expect(saved.headers.get('location')).toBe(path)
    expect(await read()).toContain('4722000124@ carrier.example')
    const before = await stored()
    for (const changed of [{ username: '4722000125' }, { realm: 'other.example' }, { algorithm: 'SHA-256' }]) {
      const refused = await sent('/external', { password: '', ...changed })
      expect([changed, refused.status]).toEqual([changed, 422])
    }
    expect(
      (await sent('/external', { password: '', registrar: 'reg.carrier.example', protocol: 'UDP', algorithm: 'MD5' }))
        .status,
    ).toBe(302)
    expect(await stored()).toMatchObject({ password: before?.password, registrar: 'reg.carrier.example' })
    const other = await sent('/external', { algorithm: 'SHA-256', protocol: 'UDP', password: 'carrier-secret' })
    expect([other.status, (await stored())?.algorithm, (await stored())?.password.length]).toEqual([302, 'SHA-256', 64])
  })

  test('that somebody else has changed meanwhile is not overwritten; it goes after a question', async () => {
    await sent('/external', { ...LINE, password: 'carrier-secret' })
    await browser.open(`${path}/external`)
    await t.parts.db.transaction((tx) => tx.update(t.db.tables.externalAccounts).set({ registrar: 'moved.example' }))
    const stale = await browser.submit({ password: '', protocol: 'TLS', algorithm: 'MD5' })
    expect([stale.status, words(stale).includes('Somebody else changed this')]).toEqual([422, true])
    expect(await read('/external/delete')).toContain('Remove the external account?')
    await browser.submit()
    expect([await stored(), (await browser.open(`${path}/external/delete`)).status]).toEqual([undefined, 404])
  })
})

describe('the dictionary', () => {
  test('gets entries, changes and loses them, and shows them as apps read them', async () => {
    expect((await sent('/dictionary/create', { key: 'x'.repeat(256), value: 'y' })).status).toBe(422)
    expect((await browser.submit({ key: 'floor', value: '' })).status).toBe(422)
    await browser.submit({ key: 'floor', value: '3 "east"' })
    await sent('/dictionary/create', { key: 'a/b?c', value: '<b>' })
    const page = await browser.open(path)
    expect(page.text).toContain(
      '{\n  &quot;floor&quot;: &quot;3 \\&quot;east\\&quot;&quot;,\n  &quot;a/b?c&quot;: &quot;&lt;b>&quot;\n}',
    )
    expect((await sent(`/dictionary/${encodeURIComponent('a/b?c')}/edit`, { value: 'four' })).status).toBe(302)
    expect(await t.parts.dictionary.all(somebody.id)).toEqual({ floor: '3 "east"', 'a/b?c': 'four' })
    await browser.open(`${path}/dictionary/floor/edit`)
    await t.db.transaction((tx) => t.parts.dictionary.set(tx, somebody.id, { floor: '5' }))
    expect((await browser.submit({ value: '4' })).status).toBe(422)
    expect(await read('/dictionary/floor/delete')).toContain('Remove floor?')
    await browser.submit()
    expect(await t.parts.dictionary.all(somebody.id)).toEqual({ 'a/b?c': 'four' })
    expect((await browser.open(`${path}/dictionary/floor/edit`)).status).toBe(404)
    expect(await read('/dictionary/clear')).toContain('a/b?c: four')
    await browser.submit()
    expect(await t.parts.dictionary.all(somebody.id)).toEqual({})
  })
})

describe('credentials for address books', () => {
  const withServers = async () => {
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const { spaceCarddavServers, spaces } = t.db.tables
    const rows = await t.db.transaction(async (tx) => {
      await tx.update(spaces).set({ carddavUserCredentials: true }).where(eq(spaces.id, t.other.id))
      const values = ['https://one.example/', 'https://two.example/'].map((uri) => ({
        spaceId: t.other.id,
        uri,
        ...at,
      }))
      return tx.insert(spaceCarddavServers).values(values).returning()
    })
    t.parts.spaces.forget()
    return rows.map(({ id }) => String(id))
  }
  const stored = async () => (await t.db.read.select().from(t.db.tables.accountCarddavCredentials))[0]

  test('are hidden, and refused, where the Space has none', async () => {
    expect(await read()).not.toContain('CardDAV credentials')
    expect((await browser.open(`${path}/carddavs/create`)).status).toBe(403)
  })

  test('are added for a server that has none, changed with the password or without, and removed after a question', async () => {
    const [one = '', two = ''] = await withServers()
    const wanted = { carddav_id: one, username: 'somebody', realm: 'one.example', algorithm: 'MD5' }
    expect((await sent('/carddavs/create', wanted)).status).toBe(422)
    expect((await browser.submit({ ...wanted, password: 'book-secret' })).headers.get('location')).toBe(path)
    expect(await read()).toContain('https://one.example/')
    const again = await browser.open(`${path}/carddavs/create`)
    expect([again.text.includes('>https://one.example/<'), again.text.includes('>https://two.example/<')]).toEqual([
      false,
      true,
    ])
    expect((await browser.submit({ ...wanted, password: 'other-secret' })).status).toBe(409)
    const before = await stored()
    const edited = { username: 'somebody', realm: 'one.example', algorithm: 'MD5', password: '' }
    expect((await sent(`/carddavs/${one}/edit`, edited)).status).toBe(302)
    expect(await stored()).toMatchObject({ password: before?.password })
    expect((await sent(`/carddavs/${one}/edit`, { ...edited, username: 'else' })).status).toBe(422)
    expect((await browser.submit({ ...edited, username: 'else', password: 'new-secret' })).status).toBe(302)
    expect((await browser.open(`${path}/carddavs/${two}/edit`)).status).toBe(404)
    expect(await read(`/carddavs/${one}/delete`)).toContain('Remove these credentials?')
    await browser.submit()
    expect(await stored()).toBeUndefined()
  })
})
