import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// What intercoms need: types of accounts, and actions (behaviour/panel.md §7.6).

let t: TestApp
let browser: ReturnType<typeof visitor>
let door: TestAccount
let path: string

const turn = async (on: boolean) => {
  const { spaces } = t.db.tables
  await t.db.transaction((tx) => tx.update(spaces).set({ intercomFeatures: on }).where(eq(spaces.id, t.other.id)))
  t.parts.spaces.forget()
}
const entered = async (account: TestAccount, host: string) => {
  const window = visitor(t, { host })
  await window.open('/login')
  await window.submit({ username: account.username, password: account.password })
  return window
}

beforeEach(async () => {
  t = await testApp()
  await turn(true)
  door = await t.account({ username: 'door', space: t.other })
  path = `/admin/accounts/${door.id}`
  browser = await entered(await t.account({ username: 'boss', admin: true, space: t.other }), 'other.localhost')
})
afterEach(() => t.close())

const read = async (address: string) => words(await browser.open(address))
const sent = async (address: string, fields: Record<string, string> = {}) => {
  await browser.open(address)
  return browser.submit(fields)
}
const types = () => t.db.read.select().from(t.db.tables.accountTypes)
const actions = () => t.db.read.select().from(t.db.tables.accountActions)

test('where a Space has no intercoms, nothing of them is there', async () => {
  await turn(false)
  const page = await read(path)
  for (const word of ['Actions', 'Types', 'DTMF']) expect([word, page.includes(word)]).toEqual([word, false])
  for (const address of [
    '/admin/accounts/types',
    '/admin/accounts/types/create',
    `${path}/types/create`,
    `${path}/actions/create`,
  ]) {
    expect([address, (await browser.open(address)).status]).toEqual([address, 404])
  }
})

test('types are made, renamed, given, taken away and removed; of another Space nobody sees them', async () => {
  expect(await read('/admin/accounts/types')).toContain('No types yet')
  expect((await sent('/admin/accounts/types/create', { key: 'Door!' })).status).toBe(422)
  expect((await browser.submit({ key: '' })).status).toBe(422)
  expect((await browser.submit({ key: 'door' })).headers.get('location')).toBe('/admin/accounts/types')
  expect((await sent('/admin/accounts/types/create', { key: 'door' })).status).toBe(422)
  const id = (await types())[0]?.id
  expect((await sent(`${path}/types/create`, { type_id: String(id) })).headers.get('location')).toBe(path)
  expect(await read(`${path}/types/create`)).toContain('The account has every type')
  await browser.open(`/admin/accounts/types/${id}/edit`)
  await t.db.transaction((tx) => tx.update(t.db.tables.accountTypes).set({ key: 'gate' }))
  expect((await browser.submit({ key: 'entrance' })).status).toBe(422)
  expect((await browser.submit({ key: 'entrance' })).status).toBe(302)
  expect(await read(path)).toContain('entrance')
  await browser.submit({}, { form: `${path}/types/${id}/delete` })
  expect(await read(path)).toContain('The account no longer has the type.')
  const elsewhere = await entered(await t.account({ username: 'root', admin: true }), 'localhost')
  expect((await elsewhere.open(`/admin/accounts/types?space=${t.other.id}`)).text).toContain('entrance')
  expect((await elsewhere.open(`/admin/accounts/types/${id}/delete?space=${t.other.id}`)).status).toBe(200)
  const gone = await elsewhere.submit()
  expect(gone.headers.get('location')).toBe(`/admin/accounts/types?space=${t.other.id}`)
  expect(await types()).toEqual([])
})

test('an action needs a DTMF protocol, a name and a code; what somebody else changed is not overwritten', async () => {
  const led = await browser.open(`${path}/actions/create`)
  expect(led.headers.get('location')).toBe(`${path}/edit`)
  expect(await read(`${path}/edit`)).toContain('An action needs a DTMF protocol')
  await browser.submit({ dtmf_protocol: 'rfc2833', makes_password: 'keep', admin: '0', activated: '1', blocked: '' })
  expect((await sent(`${path}/actions/create`, { key: 'open', code: '12 34' })).status).toBe(422)
  expect((await browser.submit({ key: 'open', code: '1234' })).headers.get('location')).toBe(path)
  expect(await read(path)).toContain('RFC 2833')
  const id = (await actions())[0]?.id
  await browser.open(`${path}/actions/${id}/edit`)
  await t.db.transaction((tx) => tx.update(t.db.tables.accountActions).set({ code: '9' }))
  expect((await browser.submit({ code: '4321' })).status).toBe(422)
  expect((await browser.submit({ code: '4321' })).status).toBe(302)
  expect((await actions())[0]).toMatchObject({ key: 'open', code: '4321' })
  expect(await read(`${path}/actions/${id}/delete`)).toContain('Remove the action open?')
  await browser.submit()
  expect([await actions(), (await browser.open(`${path}/actions/${id}/edit`)).status]).toEqual([[], 404])
})
