import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Charts and the call log for administrators (behaviour/panel.md §7.8).

let t: TestApp
let root: TestAccount
let boss: TestAccount

const call = (id: string, from: string, to: string, at = t.clock.now) => ({
  id,
  from,
  to,
  initiated_at: at.toISOString().replace(/\.\d+Z/, 'Z'),
})
const report = async (path: string, body: Record<string, unknown>) => {
  const reply = await t.post(`/api/statistics/${path}`, { as: root, body })
  expect([reply.text, reply.status]).toEqual([reply.text, 200])
}

beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  await report('calls', call('c1', 'boss@sip.other.org', 'ada@sip.other.org'))
  await report('calls', call('c2', 'ada@sip.other.org', 'carol@carrier.example'))
  await report('calls', call('c3', 'root@sip.example.org', 'bob@sip.example.org'))
})
afterEach(() => t.close())

const signedIn = async ({ username, password }: TestAccount, host: string) => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username, password })
  return browser
}

test('what is no chart is not there, and days that cannot be shown are said', async () => {
  const browser = await signedIn(boss, 'other.localhost')
  expect((await browser.open('/admin/statistics/gossip')).status).toBe(404)
  expect((await browser.open('/admin/statistics/gossip/export')).status).toBe(404)
  const page = await browser.open('/admin/statistics/calls?from=2026-03-05&to=2026-03-01')
  expect([page.status, page.text.includes('class="note warn"')]).toEqual([200, true])
  expect((await browser.open('/admin/statistics/calls?contacts_list=999')).status).toBe(404)
})

test('an administrator sees what concerns their Space, and nothing of others, whatever the address asks for', async () => {
  const browser = await signedIn(boss, 'other.localhost')
  expect((await browser.open('/admin/statistics')).headers.get('location')).toBe('/admin/statistics/calls')
  for (const query of ['', '?domain=sip.example.org']) {
    const page = await browser.open(`/admin/statistics/calls${query}`)
    expect(words(page)).toContain('Calls 2 Received 1 Placed 2')
    const log = await browser.open(`/admin/statistics/call_logs${query}`)
    expect([log.text.includes('carol@carrier.example'), log.text.includes('bob@sip.example.org')]).toEqual([
      true,
      false,
    ])
    const csv = await browser.open(`/admin/statistics/call_logs/export${query}`)
    expect([csv.headers.get('content-type'), csv.text.split('\n')]).toEqual([
      'text/csv; charset=utf-8',
      csv.text.split('\n'),
    ])
    expect([csv.text.split('\n').length, csv.text.includes('sip.example.org')]).toEqual([4, false])
  }
})

test('a super administrator sees all of it, or one domain', async () => {
  const browser = await signedIn(root, 'localhost')
  expect(words(await browser.open('/admin/statistics/calls?by=week'))).toContain('Calls 3')
  expect(words(await browser.open('/admin/statistics/calls?domain=sip.example.org'))).toContain('Calls 1')
  expect(words(await browser.open('/admin/statistics/accounts'))).toContain('Accounts 2')
})

test('the numbers are to be had as a table, as CSV and as JSON', async () => {
  const browser = await signedIn(boss, 'other.localhost')
  const page = await browser.open('/admin/statistics/calls?by=day')
  expect([...page.text.matchAll(/<rect class="s[12]" x=/g)]).toHaveLength(2)
  expect([...page.text.matchAll(/<tr role="row"><th role="rowheader"/g)].length).toBeGreaterThanOrEqual(24)
  const csv = await browser.open('/admin/statistics/calls/export?by=day&format=csv')
  expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="calls-.*\.csv"$/)
  const lines = csv.text.trim().split('\n')
  expect([lines[0], lines.filter((line) => /,2,2,1$/.test(line)).length]).toEqual(['moment,count,sent,received', 1])
  const json = await browser.open('/admin/statistics/calls/export?by=day&format=json')
  expect(json.headers.get('content-type')).toBe('application/json')
  expect(json.json.filter(({ count }: { count: number }) => count > 0)).toHaveLength(1)
})

test('an account has its own numbers and calls, both ways', async () => {
  const browser = await signedIn(boss, 'other.localhost')
  const page = await browser.open(`/admin/accounts/${boss.id}/statistics?by=week`)
  expect([page.status, words(page).includes('Calls 1 Received 0 Placed 1')]).toEqual([200, true])
  const log = await browser.open(`/admin/accounts/${boss.id}/statistics/call_logs`)
  expect([log.text.includes('ada@sip.other.org'), log.text.includes('carol@')]).toEqual([true, false])
  const csv = await browser.open(`/admin/accounts/${boss.id}/statistics/call_logs/export`)
  expect(csv.text.trim().split('\n')).toHaveLength(2)
  for (const path of ['', '/call_logs', '/call_logs/export']) {
    expect([path, (await browser.open(`/admin/accounts/${root.id}/statistics${path}`)).status]).toEqual([path, 404])
  }
})
