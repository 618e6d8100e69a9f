import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Whom the apps of an account show, for administrators (behaviour/panel.md §7.13).

let t: TestApp
let boss: TestAccount
let alice: TestAccount
let bob: TestAccount
let browser: ReturnType<typeof visitor>
let path: string

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  alice = await t.account({ username: 'alice', space: t.other })
  bob = await t.account({ username: 'bob', displayName: 'Bob Martin', space: t.other })
  path = `/admin/accounts/${alice.id}`
  browser = visitor(t, { host: 'other.localhost' })
  await browser.open('/login')
  await browser.submit({ username: boss.username, password: boss.password })
})
afterEach(() => t.close())

/** What the phone of alice shows. */
const book = async (): Promise<string[]> => {
  const reply = await t.get('/api/accounts/me/contacts', { as: alice, host: 'other.localhost' })
  return reply.json.map(({ username }: { username: string }) => username)
}
const listOf = async (title: string, member: TestAccount): Promise<number> => {
  const at = { as: boss, host: 'other.localhost' }
  const { id } = (await t.post('/api/contacts_lists', { ...at, body: { title, description: title } })).json
  await t.post(`/api/contacts_lists/${id}/contacts/${member.id}`, at)
  return id
}

describe('a contact of an account', () => {
  test('is refused at the field where nobody is called so, where it lives in another Space, and where it is itself', async () => {
    await t.account({ username: 'carol' })
    await browser.open(`${path}/contacts/create`)
    for (const [sip, why] of [
      ['', 'Fill in this field.'],
      ['nobody', 'No account of this Space has this address.'],
      ['carol@sip.example.org', 'No account of this Space has this address.'],
      ['not an address', 'No account of this Space has this address.'],
      ['alice@sip.other.org', 'An account cannot be its own contact.'],
    ] as const) {
      const refused = await browser.submit({ sip }, { form: `${path}/contacts`, stay: true })
      expect([sip, refused.status, words(refused).includes(why)]).toEqual([sip, 422, true])
    }
    expect(await book()).toEqual([])
  })

  test('of an account of another Space is neither shown nor changed', async () => {
    const carol = await t.account({ username: 'carol' })
    await browser.open(`${path}/contacts`)
    for (const rest of ['/contacts', '/contacts/create', `/contacts/${bob.id}/delete`]) {
      const elsewhere = `/admin/accounts/${carol.id}${rest}`
      expect([rest, (await browser.open(elsewhere)).status]).toEqual([rest, 404])
    }
    expect((await browser.open(`${path}/contacts/${bob.id}/delete`)).status).toBe(404)
  })

  test('is added by its address or its name alone, and shown once', async () => {
    expect(words(await browser.open(`${path}/contacts`))).toContain('No contacts of its own yet')
    for (const sip of ['bob', 'bob@sip.other.org', 'sip:bob@sip.other.org']) {
      await browser.open(`${path}/contacts/create`)
      const added = await browser.submit({ sip }, { form: `${path}/contacts` })
      expect([sip, added.headers.get('location')]).toEqual([sip, `${path}/contacts`])
    }
    expect(await book()).toEqual(['bob'])
    expect(words(await browser.open(`${path}/contacts`))).toContain('Bob Martin bob@sip.other.org')
  })

  test('is found as somebody types, and says so where it is one already', async () => {
    const found = await browser.open(`${path}/contacts/create?search=martin`)
    expect(words(found)).toContain('Bob Martin bob')
    expect(words(found)).not.toContain('A contact already')
    expect(found.text).toContain('name="sip" value="bob@sip.other.org"')
    await t.post(`/api/accounts/${alice.id}/contacts/${bob.id}`, { as: boss, host: 'other.localhost' })
    expect(words(await browser.open(`${path}/contacts/create?search=martin`))).toContain('A contact already')
    expect(words(await browser.open(`${path}/contacts/create?search=nobody`))).toContain('No account matches')
  })

  test('is removed after a question, once', async () => {
    await t.post(`/api/accounts/${alice.id}/contacts/${bob.id}`, { as: boss, host: 'other.localhost' })
    const asked = await browser.open(`${path}/contacts/${bob.id}/delete`)
    expect(words(asked)).toContain('Remove Bob Martin from the contacts?')
    expect(await book()).toEqual(['bob'])
    expect((await browser.submit({}, { stay: true })).headers.get('location')).toBe(`${path}/contacts`)
    expect(await book()).toEqual([])
    expect((await browser.submit({}, { stay: true })).status).toBe(404)
  })
})

describe('a contacts list of an account', () => {
  test('of another Space can be neither given nor taken away', async () => {
    const root = await t.account({ username: 'root', admin: true })
    const { id } = (await t.post('/api/contacts_lists', { as: root, body: { title: 'Theirs', description: 'x' } })).json
    await listOf('Sales', bob)
    await browser.open(`${path}/contacts`)
    const before = await t.snapshot()
    const wanted = { contacts_list_id: String(id) }
    expect((await browser.submit(wanted, { form: `${path}/contacts_lists`, stay: true })).status).toBe(404)
    expect((await browser.open(`${path}/contacts_lists/detach?contacts_list_id=${id}`)).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('is given and taken away, after a question, and stays for the others', async () => {
    const id = await listOf('Sales', bob)
    await browser.open(`${path}/contacts`)
    const wanted = { contacts_list_id: String(id) }
    const given = await browser.submit(wanted, { form: `${path}/contacts_lists` })
    expect([given.headers.get('location'), await book()]).toEqual([`${path}/contacts`, ['bob']])
    const page = await browser.open(`${path}/contacts`)
    expect(words(page)).toContain('Sales 1 contact')
    expect(page.text).not.toContain('name="contacts_list_id"')
    expect(words(await browser.open(`${path}/contacts_lists/detach?contacts_list_id=${id}`))).toContain(
      'Take the list Sales away from this account?',
    )
    const taken = await browser.submit()
    expect([taken.headers.get('location'), await book()]).toEqual([`${path}/contacts`, []])
    expect(words(await browser.open(`/admin/spaces/me/contacts_lists/${id}`))).toContain('Bob Martin')
  })
})
