import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import type { Visit } from '../../src/nouns/visit.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Which accounts there are, for administrators (behaviour/panel.md §7.2).

let t: TestApp
let boss: TestAccount

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
})
afterEach(() => t.close())

/** Of a step of a task. */
const visitOf = async () => {
  const caller = await t.parts.administrators.administrator(boss.id, 'session')
  if (caller === null) throw new Error('no administrator')
  const from = { address: '192.0.2.7', userAgent: 'test', id: 'request-2', isPage: true }
  return { visit: { ...from, space: t.other, caller } as unknown as Visit, caller }
}

const signedIn = async ({ username, password }: TestAccount, host = 'other.localhost') => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username, password })
  return browser
}

/** The user names on a page of the list, in their order. */
const namesIn = ({ text }: { text: string }) =>
  [...text.matchAll(/<span class="id">([^@<]+)[@<]/g)].map(([, name = '']) => name)

describe('the list', () => {
  test('has nobody of another Space, whatever the address asks for', async () => {
    await t.account({ username: 'elsewhere' })
    const browser = await signedIn(boss)
    for (const query of ['', '?search=elsewhere', '?domain=sip.example.org', '?domain=*', '?domain=*&search=else']) {
      const page = await browser.open(`/admin/accounts${query}`)
      expect([query, page.status, page.text.includes('>elsewhere<')]).toEqual([query, 200, false])
    }
  })

  test('begins with the newest, says how many there are, and turns its pages', async () => {
    for (let n = 1; n <= 24; n++) await t.account({ username: `phone-${n}`, space: t.other })
    const browser = await signedIn(boss)
    const first = await browser.open('/admin/accounts')
    expect(namesIn(first).slice(0, 2)).toEqual(['phone-24', 'phone-23'])
    expect(words(first)).toContain('Accounts 25')
    expect(namesIn(await browser.open('/admin/accounts?page=2')).at(-1)).toBe('boss')
    expect(namesIn(await browser.open('/admin/accounts?sort=name')).slice(0, 2)).toEqual(['boss', 'phone-1'])
  })

  test('is narrowed to what somebody looks for, and says so where nobody is', async () => {
    await t.account({ username: '101', displayName: 'Ada Lovelace', email: 'ada@example.org', space: t.other })
    await t.account({ username: '102', space: t.other, blocked: true })
    const browser = await signedIn(boss)
    expect(namesIn(await browser.open('/admin/accounts?search=lovelace+ada'))).toEqual(['101'])
    expect(namesIn(await browser.open('/admin/accounts?state=blocked'))).toEqual(['102'])
    expect(namesIn(await browser.open('/admin/accounts?role=admin'))).toEqual(['boss'])
    expect(namesIn(await browser.open('/admin/accounts?state=nonsense&role=x&list=y'))).toHaveLength(3)
    const none = await browser.open('/admin/accounts?search=nobody')
    expect(words(none)).toContain('No account matches')
  })

  test('shows a super administrator every Space, or the one that is chosen', async () => {
    const root = await t.account({ username: 'root', admin: true })
    const browser = await signedIn(root, 'localhost')
    expect(namesIn(await browser.open('/admin/accounts'))).toEqual(['root'])
    expect(namesIn(await browser.open('/admin/accounts?domain=*'))).toEqual(['root', 'boss'])
    expect(namesIn(await browser.open('/admin/accounts?domain=sip.other.org'))).toEqual(['boss'])
    expect((await browser.open('/admin/accounts?domain=sip.nowhere.org')).status).toBe(404)
  })
})

describe('several accounts at once', () => {
  const run = async () => {
    const tasks = await t.db.read.select().from(t.db.tables.tasks)
    return tasks.map(({ kind, total, input }) => ({ kind, total, input }))
  }

  test('are not changed where none was chosen, or nothing that can be done with them', async () => {
    const browser = await signedIn(boss)
    await browser.open('/admin/accounts')
    for (const fields of [
      { action: 'block', 'account[]': '' },
      { action: 'explode', 'account[]': String(boss.id) },
    ]) {
      const reply = await browser.submit(fields, { form: '/admin/accounts/bulk', stay: true })
      expect([reply.status, reply.headers.get('location')]).toEqual([302, '/admin/accounts'])
    }
    expect(await run()).toEqual([])
  })

  test('are asked about first, and then a task begins', async () => {
    const one = await t.account({ username: 'one', space: t.other })
    const browser = await signedIn(boss)
    await browser.open('/admin/accounts')
    const asked = await browser.submit(
      { action: 'delete', 'account[]': String(one.id) },
      { form: '/admin/accounts/bulk' },
    )
    expect([asked.status, words(asked).includes('Delete 1 account?')]).toEqual([200, true])
    const begun = await browser.submit({}, { form: '/admin/accounts/bulk/start' })
    expect(begun.headers.get('location')).toMatch(/^\/admin\/tasks\/\d+$/)
    const chosen = { ids: [one.id] }
    expect(await run()).toEqual([{ kind: 'account_bulk', total: 1, input: { action: 'delete', chosen, list: null } }])
  })

  test('of another Space are reported and left alone, those of one’s own are changed', async () => {
    const mine = await t.account({ username: 'mine', space: t.other })
    const theirs = await t.account({ username: 'theirs' })
    const { visit, caller } = await visitOf()
    const input = { action: 'block' as const, chosen: { ids: [boss.id, mine.id, theirs.id] }, list: null }
    const work = { task: 1, visit, caller, input, cursor: null, keep: async () => {} }
    const step = await t.parts.bulk.kind.step(work)
    expect([step.done, step.isOver]).toEqual([3, true])
    expect(step.faults?.map(({ subject, message }) => [subject, message.id])).toEqual([
      ['boss@sip.other.org', 'account.own_rights'],
      [String(theirs.id), 'account.unknown'],
    ])
    const rows = await t.db.read.select().from(t.db.tables.accounts)
    expect(rows.filter(({ blocked }) => blocked).map(({ username }) => username)).toEqual(['mine'])
  })

  test('in every Space, or in another, become those of one’s own once somebody is no super administrator any more', async () => {
    await t.account({ username: 'mine', space: t.other })
    await t.account({ username: 'theirs' })
    const { visit, caller } = await visitOf()
    const sought = { search: null, state: null, role: 'account' as const, list: null, setUp: null }
    for (const domain of [null, 'sip.example.org']) {
      const input = { action: 'block' as const, chosen: { sought, domain }, list: null }
      const step = await t.parts.bulk.kind.step({ task: 1, visit, caller, input, cursor: null, keep: async () => {} })
      expect([domain, step.done, step.faults]).toEqual([domain, 1, []])
    }
    const rows = await t.db.read.select().from(t.db.tables.accounts)
    expect(rows.filter(({ blocked }) => blocked).map(({ username }) => username)).toEqual(['mine'])
  })

  test('all that was found are gone through in steps, also while they change', async () => {
    for (let n = 1; n <= 23; n++) await t.account({ username: `phone-${n}`, space: t.other })
    const { visit, caller } = await visitOf()
    const sought = { search: 'phone', state: 'active' as const, role: null, list: null, setUp: null }
    const input = { action: 'block' as const, chosen: { sought, domain: 'sip.other.org' }, list: null }
    let cursor: { after: number } | null = null
    let done = 0
    for (let n = 0; n < 5; n++) {
      const step = await t.parts.bulk.kind.step({ task: 1, visit, caller, input, cursor, keep: async () => {} })
      cursor = step.cursor
      done += step.done
      if (step.isOver) break
    }
    expect(done).toBe(23)
    const rows = await t.db.read.select().from(t.db.tables.accounts)
    expect(rows.filter(({ blocked }) => blocked)).toHaveLength(23)
  })
})

test('all of a list can be chosen where it has more than a page, before any of them is', async () => {
  const browser = await signedIn(boss)
  expect((await browser.open('/admin/accounts')).text).not.toContain('name="everything"')
  for (let n = 10; n < 35; n++) await t.account({ username: `phone-${n}`, space: t.other })
  const page = await browser.open('/admin/accounts?search=phone')
  expect(words(page)).toContain('Choose all 25 of this list')
  // Not within the bar, which stays away until something is chosen.
  expect(page.text.indexOf('name="everything"')).toBeLessThan(page.text.indexOf('<table'))
  const asked = await browser.submit({ action: 'list', everything: '1' }, { form: '/admin/accounts/bulk' })
  expect(words(asked)).toContain('Add 25 accounts to a list?')
})
