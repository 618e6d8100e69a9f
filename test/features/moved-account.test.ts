import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// An account that gets another domain leaves its old Space, with everything that tied it to it.

let t: TestApp
let root: TestAccount
let carol: TestAccount
let erin: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
  carol = await t.account({ username: 'carol.1' })
  erin = await t.account({ username: 'erin.1' })
})
afterEach(() => t.close())

const ok = async (reply: Promise<{ status: number; json: unknown; text: string }>) => {
  const { status, json, text } = await reply
  expect([status < 300, text]).toEqual([true, text])
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  return json as any
}
const as = () => ({ as: root })
const move = (more: object = {}) =>
  t.put(`/api/accounts/${carol.id}`, {
    ...as(),
    body: { username: 'carol.1', algorithm: 'MD5', password: 'battery-staple', domain: t.other.domain, ...more },
  })

test('a moved account has no contact, list, label or CardDAV credential of its old Space, and nobody there has it', async () => {
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ carddavUserCredentials: true }))
  t.parts.spaces.forget()
  const list = (await ok(t.post('/api/contacts_lists', { ...as(), body: { title: 'Staff', description: 'All' } }))).id
  const given = (await ok(t.post('/api/contacts_lists', { ...as(), body: { title: 'Door', description: 'All' } }))).id
  const label = (await ok(t.post('/api/account_types', { ...as(), body: { key: 'phone' } }))).id
  const server = (
    await ok(
      t.post('/api/spaces/sip.example.org/carddavs', {
        ...as(),
        body: { uri: 'https://dav.example.org/', min_characters: 3, results_limit: 0, timeout: 5, delay: 500 },
      }),
    )
  ).id
  const of = `/api/accounts/${carol.id}`
  await ok(t.post(`${of}/contacts/${erin.id}`, as()))
  await ok(t.post(`/api/accounts/${erin.id}/contacts/${carol.id}`, as()))
  await ok(t.post(`/api/contacts_lists/${list}/contacts/${carol.id}`, as()))
  await ok(t.post(`/api/contacts_lists/${given}/contacts/${erin.id}`, as()))
  await ok(t.post(`${of}/contacts_lists/${given}`, as()))
  await ok(t.post(`/api/accounts/${erin.id}/contacts_lists/${list}`, as()))
  await ok(t.post(`${of}/types/${label}`, as()))
  const credential = { username: 'carol', password: 'secret', algorithm: 'MD5', realm: 'dav' }
  await ok(t.put(`${of}/carddavs/${server}`, { ...as(), body: credential }))
  await ok(t.post(`${of}/dictionary/kept`, { ...as(), body: { value: 'yes' } }))
  const platform = await t.db.transaction(async (tx) => {
    const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const [type] = await tx
      .insert(t.db.tables.accountTypes)
      .values({ key: 'everywhere', ...stamps })
      .returning()
    await tx.insert(t.db.tables.accountAccountType).values({ accountId: carol.id, accountTypeId: type?.id ?? 0 })
    return type?.id
  })
  const cookie = await t.cookie(carol)
  const { provisioning_token: token } = await ok(t.get(of, as()))
  expect((await t.get('/contacts/vcard', { as: carol })).text).toContain('erin.1')
  expect((await t.get('/contacts/vcard', { as: erin })).text).toContain('carol.1')

  expect((await move()).json.domain).toBe(t.other.domain)

  const there = { host: t.other.host, as: root }
  expect((await t.get(`${of}/contacts`, there)).json).toEqual([])
  const seen = (await t.get(of, there)).json
  expect([seen.types, seen.carddav_servers, seen.dictionary]).toEqual([
    [{ id: platform, key: 'everywhere' }],
    [],
    { kept: 'yes' },
  ])
  const tables = t.db.tables
  for (const table of [
    tables.contacts,
    tables.contactsListContact,
    tables.accountContactsList,
    tables.accountCarddavCredentials,
    tables.sessions,
  ]) {
    const rows = (await t.db.read.select().from(table)) as { accountId?: number; contactId?: number }[]
    expect(rows.filter(({ accountId, contactId }) => accountId === carol.id || contactId === carol.id)).toEqual([])
  }
  expect((await t.get('/contacts/vcard', { as: erin })).text).not.toContain('carol.1')
  expect((await t.get('/dashboard', { headers: { cookie } })).headers.get('location')).toContain('/login')
  expect((await t.get('/api/accounts/me', { as: carol })).status).toBe(401)
  for (const host of ['localhost', t.other.host]) {
    expect((await t.get(`/provisioning/${token}`, { host })).status).toBe(404)
  }
  const moved = { ...carol, domain: t.other.domain, password: 'battery-staple' }
  expect((await t.digest(moved, 'GET', '/contacts/vcard', { host: t.other.host })).text).not.toContain('erin.1')
})

test('all of it stays when the move is refused, and when nothing but the name changes', async () => {
  await ok(t.post(`/api/accounts/${carol.id}/contacts/${erin.id}`, as()))
  const before = await t.snapshot()
  expect((await move({ password: undefined })).status).toBe(422)
  await t.account({ username: 'taken.1', space: t.other })
  const taken = await t.snapshot()
  expect((await move({ username: 'taken.1' })).status).toBe(422)
  expect(await t.snapshot()).toBe(taken)
  expect(before).not.toBe(taken)
  expect((await move({ username: 'carol.2', domain: t.main.domain })).status).toBe(200)
  expect((await ok(t.get(`/api/accounts/${carol.id}/contacts`, as()))).length).toBe(1)
})
