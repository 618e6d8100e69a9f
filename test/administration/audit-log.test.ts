import { afterEach, beforeEach, expect, test } from 'bun:test'
import { ACTION_WORDS, KIND_WORDS } from '../../src/administration/audit-log/words.ts'
import { SUBJECT_KINDS } from '../../src/audit/subjects.ts'
import { AUDIT_ACTIONS } from '../../src/logging/security-events.ts'
import { LANGUAGES, translate } from '../../src/messages/messages.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Who changed what, as a page, as a file and on the tab of an account (behaviour/panel.md §7.22).

let t: TestApp
let boss: TestAccount
let somebody: TestAccount
let browser: ReturnType<typeof visitor>

beforeEach(async () => {
  t = await testApp()
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  somebody = await t.account({ username: 'somebody', space: t.other })
  browser = await signedIn(boss)
})
afterEach(() => t.close())

const signedIn = async (who: TestAccount, host = 'other.localhost') => {
  const other = visitor(t, { host })
  await other.open('/login')
  await other.submit({ username: who.username, password: who.password })
  return other
}
const block = async () => {
  await browser.open(`/admin/accounts/${somebody.id}/block`)
  expect((await browser.submit()).status).toBe(302)
}

test('actions are chosen by what they say, below what they are about, and keep their names in the address', async () => {
  const { text } = await browser.open('/admin/audit_log?action=account.password')
  const chosen = /<select name="action".*?<\/select>/s.exec(text)?.[0] ?? ''
  expect(chosen).toMatch(/<optgroup label="Accounts">.*Created the account….*<optgroup label="API keys">/s)
  expect(chosen).toContain('<option value="account.password" selected>Changed the password of…</option>')
  const values = [...chosen.matchAll(/<option value="([^"]+)"/g)].map(([, value = '']) => value)
  expect(values.toSorted()).toEqual(AUDIT_ACTIONS.toSorted())
  const french = await browser.open('/admin/audit_log', { headers: { 'accept-language': 'fr' } })
  expect(french.text).toContain('<option value="account.password">A changé le mot de passe de…</option>')
})

test('is read in sentences, with the values that may be written down, and narrowed', async () => {
  expect(words(await browser.open('/admin/audit_log?action=account.blocked'))).toContain('No changes')
  expect(words(await browser.open('/admin/audit_log'))).toContain(`signed in as boss@${t.other.domain}`)
  await block()
  const page = words(await browser.open('/admin/audit_log'))
  expect(page).toContain(`boss@${t.other.domain} blocked somebody@${t.other.domain}`)
  expect([page.includes('blocked false true'), page.includes('192.0.2.7')]).toEqual([true, true])
  for (const [query, is] of [
    [`actor=boss@${t.other.domain}`, true],
    ['actor=nobody', false],
    [`subject=${somebody.id}`, true],
    ['subject=999', false],
    ['action=account.blocked', true],
    ['action=account.deleted', false],
    ['since=2026-06-01&until=2026-06-01', true],
    ['since=2026-06-02', false],
    ['before=1-1', false],
    // Addresses are typed by hand.
    ['action=nothing&before=nothing&since=', true],
  ] as const) {
    const found = words(await browser.open(`/admin/audit_log?${query}`))
    expect([query, found.includes(' blocked somebody')]).toEqual([query, is])
  }
})

test('says in words, in every language, whatever may stand in it', () => {
  const wordless = [
    ...AUDIT_ACTIONS.map((name) => [name, ACTION_WORDS[name]] as const),
    ...SUBJECT_KINDS.map((name) => [name, KIND_WORDS[name]] as const),
  ].filter(([, id]) => id === undefined || LANGUAGES.some((language) => ['', id].includes(translate(language, { id }))))
  expect(wordless).toEqual([])
})

test('is of the own Space alone, and of all for a super administrator', async () => {
  await block()
  const third = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
  const stranger = await signedIn(await t.account({ admin: true, space: third }), 'third.localhost')
  for (const query of ['', `?domain=${t.other.domain}`, '?action=account.blocked']) {
    const shown = words(await stranger.open(`/admin/audit_log${query}`))
    expect([query, shown.includes('somebody'), shown.includes('boss')]).toEqual([query, false, false])
  }
  const root = await signedIn(await t.account({ username: 'root', admin: true }), 'localhost')
  expect(words(await root.open(`/admin/audit_log?domain=${t.other.domain}`))).toContain(' blocked somebody')
  expect(words(await root.open('/admin/audit_log?domain=sip.third.org'))).not.toContain(' blocked somebody')
})

test('leaves as a file, with what was chosen, to whoever knows the password', async () => {
  await block()
  await browser.open('/admin/audit_log/export?action=account.blocked')
  expect((await browser.submit({}, { stay: true })).status).toBe(422)
  expect((await browser.submit({ current_password: 'wrong-horse' }, { stay: true })).status).toBe(422)
  const file = await browser.submit({ current_password: boss.password })
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="audit-log-2026-06-01.jsonl"')
  const rows = file.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows).toMatchObject([{ action: 'account.blocked', subject: { id: String(somebody.id) } }])
  // Who has it stands in the log.
  const page = words(await browser.open('/admin/audit_log?action=export.run'))
  expect(page).toContain(`boss@${t.other.domain} downloaded ${t.other.domain}`)
  await browser.open('/admin/audit_log/export?action=account.deleted')
  expect((await browser.submit({ current_password: boss.password })).text).toBe('')
})

test('has its pages by key', async () => {
  const at = { host: 'other.localhost', as: boss }
  for (let n = 0; n < 26; n += 1) {
    await t.post(`/api/accounts/${somebody.id}/block`, at)
    await t.post(`/api/accounts/${somebody.id}/unblock`, at)
  }
  const first = await browser.open('/admin/audit_log')
  expect(first.text.match(/blocked <a/g)).toHaveLength(50)
  const [, older = ''] = /href="(\/admin\/audit_log\?before=[^"]+)"/.exec(first.text) ?? []
  const second = await browser.open(older)
  expect(second.text.match(/blocked <a/g)).toHaveLength(2)
  expect(words(second)).toContain('Newest')
})

test('stands on the Activity tab of the account that it is about', async () => {
  await block()
  const tab = words(await browser.open(`/admin/accounts/${somebody.id}/activity`))
  expect(tab).toContain(`boss@${t.other.domain} blocked somebody@${t.other.domain}`)
  expect(words(await browser.open(`/admin/accounts/${boss.id}/activity`))).not.toContain(' blocked somebody')
})
