import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { FORM, parsePage, words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Contacts lists of a Space and who is in them, for administrators (behaviour/panel.md §7.12).

const LISTS = '/admin/spaces/me/contacts_lists'

let t: TestApp
let boss: TestAccount
let browser: ReturnType<typeof visitor>

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  browser = await signedIn(boss)
})
afterEach(() => t.close())

const signedIn = async ({ username, password }: TestAccount, host = 'other.localhost') => {
  const visit = visitor(t, { host })
  await visit.open('/login')
  await visit.submit({ username, password })
  return visit
}

/** Sends a form of the page with these accounts ticked and no other. */
const pick = (page: Reply, form: string, ids: readonly (number | string | undefined)[], more = {}): Promise<Reply> => {
  const { 'account[]': _, everything, ...fields } = parsePage(page, form).fields
  const body = new URLSearchParams({ ...fields, ...more })
  for (const id of ids) body.append('account[]', String(id))
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return t.post(form, { host: 'other.localhost', headers: { ...FORM, cookie }, body: body.toString() })
}

/** Of the API, for what a page is to find. */
const listOf = async (title: string, members: readonly TestAccount[] = []): Promise<number> => {
  const at = { as: boss, host: 'other.localhost' }
  const { id } = (await t.post('/api/contacts_lists', { ...at, body: { title, description: `All of ${title}` } })).json
  for (const member of members) await t.post(`/api/contacts_lists/${id}/contacts/${member.id}`, at)
  return id
}
const membersOf = async (list: number): Promise<string[]> => {
  const reply = await t.get(`/api/contacts_lists/${list}/contacts`, { as: boss, host: 'other.localhost' })
  return reply.json.map(({ username }: { username: string }) => username)
}
/** The user names on a page, in their order. */
const namesIn = ({ text }: { text: string }) =>
  [...text.matchAll(/<span class="id">([^@<]+)</g)].map(([, name = '']) => name)
const titlesIn = ({ text }: { text: string }) =>
  [...text.matchAll(/<a href="[^"]*contacts_lists\/\d+">([^<]+)</g)].map(([, title = '']) => title)

describe('contacts lists', () => {
  test('of another Space are not there, on any page, nor can anything be done with them', async () => {
    const root = await t.account({ username: 'root', admin: true })
    const { id } = (await t.post('/api/contacts_lists', { as: root, body: { title: 'Theirs', description: 'x' } })).json
    const before = await t.snapshot()
    await browser.open(LISTS)
    for (const path of [
      `/admin/spaces/${t.main.id}/contacts_lists`,
      ...['', '/edit', '/delete', '/contacts/add'].map((rest) => `${LISTS}/${id}${rest}`),
    ]) {
      expect([path, (await browser.open(path)).status]).toEqual([path, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('say what to do where there is none, and are refused without a title or with one that is taken', async () => {
    expect(words(await browser.open(LISTS))).toContain('No contacts list yet')
    await browser.open(`${LISTS}/create`)
    const bare = await browser.submit({ title: '', description: 'Who sells' })
    expect([bare.status, words(bare).includes('Fill in this field.')]).toEqual([422, true])
    await listOf('Sales')
    const taken = await browser.submit({ title: 'Sales' })
    expect([taken.status, words(taken).includes('This is in use already.')]).toEqual([422, true])
    expect(titlesIn(await browser.open(LISTS))).toEqual(['Sales'])
  })

  test('are created, with a description or without, and led to', async () => {
    await browser.open(`${LISTS}/create`)
    const made = await browser.submit({ title: 'Sales', description: '' })
    const path = made.headers.get('location') ?? ''
    expect(path).toMatch(/^\/admin\/spaces\/me\/contacts_lists\/\d+$/)
    expect(words(await browser.open(path))).toContain('Nobody is in this list yet')
  })

  test('are sorted by title, size or change, and count their contacts', async () => {
    await listOf('Zebra', [boss])
    await listOf('Alpha')
    expect(titlesIn(await browser.open(LISTS))).toEqual(['Alpha', 'Zebra'])
    expect(titlesIn(await browser.open(`${LISTS}?sort=-contacts_count`))).toEqual(['Zebra', 'Alpha'])
    const page = words(await browser.open(`${LISTS}?sort=-title`))
    expect(page).toContain('1 contact ')
    expect(page.indexOf('Zebra')).toBeLessThan(page.indexOf('Alpha'))
  })

  test('that somebody else has changed meanwhile are not overwritten', async () => {
    const id = await listOf('Sales')
    await browser.open(`${LISTS}/${id}/edit`)
    const at = { as: boss, host: 'other.localhost' }
    await t.put(`/api/contacts_lists/${id}`, { ...at, body: { title: 'Sales team', description: 'New' } })
    const stale = await browser.submit({ title: 'Selling' })
    expect(stale.status).toBe(422)
    expect((await t.get(`/api/contacts_lists/${id}`, at)).json.title).toBe('Sales team')
    expect((await browser.submit({ title: 'Selling' })).status).toBe(302)
    expect((await t.get(`/api/contacts_lists/${id}`, at)).json).toMatchObject({ title: 'Selling', contacts_count: 0 })
  })

  test('are deleted after a question that says what goes; the accounts stay', async () => {
    const one = await t.account({ username: 'one', space: t.other })
    const id = await listOf('Sales', [one])
    const asked = words(await browser.open(`${LISTS}/${id}/delete`))
    expect(asked).toContain('Delete the list Sales?')
    expect(asked).toContain('The list, with 1 contact')
    const gone = await browser.submit()
    expect(gone.headers.get('location')).toBe(LISTS)
    expect((await browser.open(`${LISTS}/${id}`)).status).toBe(404)
    expect((await t.parts.accounts.byId(t.other, one.id)).account.username).toBe('one')
  })

  test('of every Space are for super administrators, from the host of theirs', async () => {
    const id = await listOf('Sales')
    const root = await signedIn(await t.account({ username: 'root', admin: true }), 'localhost')
    const path = `/admin/spaces/${t.other.id}/contacts_lists`
    const page = await root.open(path)
    expect([titlesIn(page), words(page).includes('sip.other.org')]).toEqual([['Sales'], true])
    const one = await t.account({ username: 'one', space: t.other })
    await root.open(`${path}/${id}/contacts/add`)
    const added = await root.submit({ 'account[]': String(one.id) }, { form: `${path}/${id}/contacts` })
    expect([added.status, await membersOf(id)]).toEqual([302, ['one']])
  })
})

describe('who is in a list', () => {
  const taskInputs = async () => {
    const tasks = await t.db.read.select().from(t.db.tables.tasks)
    return tasks.map(({ kind, total, input }) => ({ kind, total, input }))
  }

  test('is never somebody of another Space, whatever a form says, and the others of that form stay out, too', async () => {
    const mine = await t.account({ username: 'mine', space: t.other })
    const theirs = await t.account({ username: 'theirs' })
    const id = await listOf('Sales')
    const page = await browser.open(`${LISTS}/${id}/contacts/add`)
    const form = `${LISTS}/${id}/contacts`
    for (const wanted of [[theirs.id], [mine.id, theirs.id]]) {
      expect([wanted, (await pick(page, form, wanted)).status]).toEqual([wanted, 404])
    }
    expect(await membersOf(id)).toEqual([])
    const nobody = await pick(page, form, [])
    expect(nobody.headers.get('location')).toBe(`${LISTS}/${id}/contacts/add`)
    expect(await browser.open(`${LISTS}/${id}/contacts/add?search=theirs`).then(namesIn)).toEqual([])
  })

  test('is found by a part of a name, and is not offered a second time', async () => {
    const ada = await t.account({ username: '101', displayName: 'Ada Lovelace', space: t.other })
    await t.account({ username: '102', displayName: 'Ada Byron', space: t.other })
    const id = await listOf('Sales', [ada])
    const add = `${LISTS}/${id}/contacts/add`
    expect(namesIn(await browser.open(`${add}?search=ada`))).toEqual(['102'])
    expect(namesIn(await browser.open(`${LISTS}/${id}?search=ada`))).toEqual(['101'])
    expect(words(await browser.open(`${LISTS}/${id}?search=byron`))).toContain('No account matches')
    const added = await pick(await browser.open(`${add}?search=ada`), `${LISTS}/${id}/contacts`, [ada.id])
    expect(added.headers.get('location')).toBe(`${add}?search=ada`)
    expect(await membersOf(id)).toEqual(['101'])
  })

  test('is added from one page after the other, where somebody was', async () => {
    for (let n = 10; n < 55; n++) await t.account({ username: `phone-${n}`, space: t.other })
    const id = await listOf('Sales')
    const add = `${LISTS}/${id}/contacts/add`
    for (const where of [`${add}?search=phone`, `${add}?search=phone&page=2`]) {
      const shown = await browser.open(where)
      const all = [...shown.text.matchAll(/name="account\[\]" value="(\d+)"/g)].map(([, one]) => one)
      expect([where, all.length]).toEqual([where, where.endsWith('2') ? 5 : 20])
      const added = await pick(shown, `${LISTS}/${id}/contacts`, all)
      expect(added.headers.get('location')).toBe(where)
    }
    expect(await membersOf(id)).toHaveLength(25)
    // The second page is gone by now: the one that is left is shown.
    expect(namesIn(await browser.open(`${add}?search=phone&page=2`))).toHaveLength(20)
  })

  test('can be everybody who was found: a task adds them', async () => {
    for (let n = 10; n < 35; n++) await t.account({ username: `phone-${n}`, space: t.other })
    const id = await listOf('Sales')
    const page = await browser.open(`${LISTS}/${id}/contacts/add?search=phone`)
    const begun = await pick(page, `${LISTS}/${id}/contacts`, [], { everything: '1' })
    expect(begun.headers.get('location')).toMatch(/^\/admin\/tasks\/\d+$/)
    const sought = { search: 'phone', state: null, role: null, list: null, setUp: null, outside: id }
    const chosen = { sought, domain: 'sip.other.org' }
    expect(await taskInputs()).toEqual([
      { kind: 'account_bulk', total: 25, input: { action: 'list', chosen, list: id, listTitle: 'Sales' } },
    ])
    const caller = await t.parts.administrators.administrator(boss.id, 'session')
    if (caller === null) throw new Error('no administrator')
    const visit = {
      address: '192.0.2.7',
      userAgent: 'test',
      id: 'request-2',
      isPage: true,
      space: t.other,
      caller,
    } as never
    let cursor: { after: number } | null = null
    for (let n = 0; n < 4; n++) {
      const input = { action: 'list' as const, chosen, list: id }
      const step = await t.parts.bulk.kind.step({ task: 1, visit, caller, input, cursor, keep: async () => {} })
      cursor = step.cursor
      expect(step.faults).toEqual([])
      if (step.isOver) break
    }
    expect(await membersOf(id)).toHaveLength(25)
  })

  test('goes after a question that names them, and only they go', async () => {
    const people = []
    for (const username of ['ann', 'ben', 'eve']) people.push(await t.account({ username, space: t.other }))
    const [ann, ben] = people
    const id = await listOf('Sales', people)
    const page = await browser.open(`${LISTS}/${id}`)
    const form = `${LISTS}/${id}/contacts/delete`
    const nobody = await pick(page, form, [boss.id])
    expect(nobody.headers.get('location')).toBe(`${LISTS}/${id}`)
    const asked = await pick(page, form, [ann?.id, ben?.id, boss.id])
    expect(words(asked)).toContain('Take 2 contacts out of the list?')
    expect(words(asked)).toContain('ann@sip.other.org')
    expect(await membersOf(id)).toHaveLength(3)
    const remove = `${LISTS}/${id}/contacts/remove`
    const gone = await pick(asked, remove, [])
    expect(gone.headers.get('location')).toBe(`${LISTS}/${id}`)
    expect(await membersOf(id)).toEqual(['eve'])
    // The second time nobody of them is in it.
    expect((await pick(asked, remove, [])).status).toBe(404)
  })

  test('has moved to another Space: they are shown apart, and can be taken out', async () => {
    const ann = await t.account({ username: 'ann', space: t.other })
    const id = await listOf('Sales', [ann])
    await t.db.transaction((tx) => tx.update(t.db.tables.accounts).set({ domain: t.main.domain }).returning())
    const back = await signedIn(await t.account({ username: 'chief', admin: true, space: t.other }))
    const page = words(await back.open(`${LISTS}/${id}`))
    expect(page).toContain('Contacts that have moved to another Space')
    await back.submit({ 'account[]': String(ann.id) }, { form: `${LISTS}/${id}/contacts/delete` })
    await back.submit({}, { form: `${LISTS}/${id}/contacts/remove` })
    expect(words(await back.open(`${LISTS}/${id}`))).toContain('Nobody is in this list yet')
  })
})
