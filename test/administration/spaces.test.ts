import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// All Spaces, for super administrators (behaviour/panel.md §7.16).

let t: TestApp
let root: ReturnType<typeof visitor>

const enter = async (host: string, { username, password }: { username: string; password: string }) => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username, password })
  return browser
}

beforeEach(async () => {
  t = await testApp()
  root = await enter('localhost', await t.account({ username: 'root', admin: true }))
})
afterEach(() => t.close())

describe('the list of Spaces', () => {
  test('is for super administrators, and in their menu alone', async () => {
    const boss = await enter('other.localhost', await t.account({ username: 'boss', admin: true, space: t.other }))
    for (const path of ['/admin/spaces', '/admin/spaces/create']) expect((await boss.open(path)).status).toBe(403)
    expect((await boss.open('/admin/spaces/me')).text).not.toContain('href="/admin/spaces"')
    expect((await root.open('/admin/spaces')).text).toContain('href="/admin/spaces" aria-current="page"')
  })

  test('is searched by name, domain and address, and sorted', async () => {
    await t.account({ username: 'one', space: t.other, admin: true })
    await t.account({ username: 'two', space: t.other })
    const order = async (query: string) =>
      [...(await root.open(`/admin/spaces${query}`)).text.matchAll(/href="\/admin\/spaces\/(\d+)"/g)].map(([, id]) =>
        Number(id),
      )
    expect(await order('')).toEqual([t.main.id, t.other.id])
    expect(await order('?sort=-accounts')).toEqual([t.other.id, t.main.id])
    expect(await order('?search=OTHER')).toEqual([t.other.id])
    expect(words(await root.open('/admin/spaces?search=nowhere'))).toContain('No Space is called so')
  })
})

describe('a new Space', () => {
  const WANTED = { name: 'Third', domain: 'sip.third.org', host: 'third' }

  test('is refused with each fault at its field, what another has among them', async () => {
    await root.open('/admin/spaces/create')
    const refused = await root.submit({ name: t.other.name, domain: 'not a domain', host: 'other' })
    expect([refused.status, refused.text.match(/aria-invalid="true"/g)?.length]).toEqual([422, 3])
    expect((await t.parts.spaceAdministration.list()).length).toBe(2)
  })

  test('leads to its first administrator, and to its own page where that comes later', async () => {
    await root.open('/admin/spaces/create')
    const made = await root.submit({ ...WANTED, account_default_password_algorithm: 'MD5' })
    expect(made.headers.get('location')).toBe('/admin/accounts/create?admin=1&domain=sip.third.org')
    expect(await t.parts.spaceAdministration.byDomain('sip.third.org')).toMatchObject({
      name: 'Third',
      host: 'third.localhost',
      super: false,
      digest: { realm: null, defaultPasswordAlgorithm: 'MD5' },
    })
    await root.open('/admin/spaces/create')
    const later = await root.submit({ name: 'Fourth', domain: 'sip.fourth.org', host: 'fourth', administrator: '' })
    expect(later.headers.get('location')).toMatch(/^\/admin\/spaces\/\d+$/)
  })

  test('that is super wants the password, where the sign-in is long ago', async () => {
    t.clock.now = new Date(t.clock.now.getTime() + 20 * 60_000)
    await root.open('/admin/spaces/create')
    expect((await root.submit({ ...WANTED, super: '1' })).status).toBe(422)
    await root.open('/admin/spaces/create')
    expect((await root.submit({ ...WANTED })).status).toBe(302)
  })
})

describe('deleting a Space', () => {
  const question = () => `/admin/spaces/delete/${t.other.id}`
  const isClosed = async () => (await t.parts.spaces.byId(t.other.id))?.purgeAt !== null

  test('is nothing for administrators of one Space, and nobody deletes their own', async () => {
    const boss = await enter('other.localhost', await t.account({ username: 'boss', admin: true, space: t.other }))
    expect((await boss.open(question())).status).toBe(403)
    const own = await root.open(`/admin/spaces/delete/${t.main.id}`)
    expect([own.status, words(own)]).toEqual([403, expect.stringContaining('by its own administrators')])
    expect((await root.open(`/admin/spaces/${t.main.id}/administration`)).text).not.toContain('/admin/spaces/delete/')
    expect((await root.open('/admin/spaces/delete/4711')).status).toBe(404)
  })

  test('says what goes, and wants the domain, as it is written', async () => {
    for (const username of ['one', 'two']) await t.account({ username, space: t.other })
    const asked = words(await root.open(question()))
    for (const said of ['Delete Other?', '2 accounts', '2 API keys', 'Its logo', 'For seven days you can undo it']) {
      expect(asked).toContain(said)
    }
    for (const domain of ['', 'sip.example.org', 'SIP.OTHER.ORG', 'other.localhost']) {
      await root.open(question())
      expect([domain, (await root.submit({ domain })).status]).toEqual([domain, 422])
    }
    expect(await isClosed()).toBe(false)
  })

  test('wants the password, where the sign-in is long ago', async () => {
    t.clock.now = new Date(t.clock.now.getTime() + 20 * 60_000)
    await root.open(question())
    for (const current_password of ['', 'wrong-horse']) {
      const refused = await root.submit({ domain: 'sip.other.org', current_password })
      expect([current_password, refused.status]).toEqual([current_password, 422])
    }
    expect(await isClosed()).toBe(false)
    expect((await root.submit({ domain: 'sip.other.org', current_password: 'correct-horse' })).status).toBe(302)
    expect(await isClosed()).toBe(true)
  })

  test('says in the list and on its pages when it goes, and is undone from each of them', async () => {
    const goes = async () => {
      await root.open(question())
      return root.submit({ domain: 'sip.other.org' })
    }
    const pages = ['/admin/spaces', `/admin/spaces/${t.other.id}`, `/admin/spaces/${t.other.id}/administration`]
    for (const path of pages) {
      expect((await goes()).headers.get('location')).toBe(`/admin/spaces/${t.other.id}`)
      expect(words(await root.open(path))).toMatch(/[Ww]ill be deleted on 8 Jun 2026, 12:00 UTC/)
      expect((await root.open(question())).headers.get('location')).toBe(`/admin/spaces/${t.other.id}`)
      await root.open(path)
      const undone = await root.submit({}, { form: `/admin/spaces/${t.other.id}/reopen` })
      expect(undone.headers.get('location')).toBe(`/admin/spaces/${t.other.id}`)
      expect(await isClosed()).toBe(false)
      expect(words(await root.open(path))).not.toContain('ill be deleted')
    }
  })

  test('leaves nothing on its overview that is for nothing there, and says why', async () => {
    const overview = `/admin/spaces/${t.other.id}`
    const offered = ['/admin/accounts/create', 'http://other.localhost/login', 'Needs attention']
    const before = await root.open(overview)
    for (const one of offered) expect(before.text).toContain(one)
    await t.parts.spaceAdministration.close(null, null, 'sip.other.org')
    t.parts.spaces.forget()
    const after = await root.open(overview)
    for (const one of offered) expect(after.text).not.toContain(one)
    expect(words(after)).toContain('Nobody signs in, registers or sets up a phone there')
  })

  test('is not among those that a new account may be made in', async () => {
    const choices = async () => (await root.open('/admin/accounts/create')).text.includes('value="sip.other.org"')
    expect(await choices()).toBe(true)
    await t.parts.spaceAdministration.close(null, null, 'sip.other.org')
    expect(await choices()).toBe(false)
  })

  test('cannot be undone once it has begun, which the pages say', async () => {
    await t.parts.spaceAdministration.close(null, null, 'sip.other.org')
    await root.open(`/admin/spaces/${t.other.id}`)
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.spaces).set({ purgeBegunAt: t.clock.now }).where(eq(t.db.tables.spaces.id, t.other.id)),
    )
    const late = await root.submit({}, { form: `/admin/spaces/${t.other.id}/reopen` })
    expect([late.status, words(late)]).toEqual([409, expect.stringContaining('cannot be kept any more')])
    t.parts.spaces.forget()
    expect(words(await root.open('/admin/spaces'))).toContain('Being deleted')
    expect((await root.open(`/admin/spaces/${t.other.id}`)).text).not.toContain('/reopen')
  })
})
