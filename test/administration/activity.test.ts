import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// What happened around an account, for whoever administers it (behaviour/panel.md §7.7).

let t: TestApp

beforeEach(async () => {
  t = await testApp({ env: { ...WITH_MAIL, APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES: '60' } })
})
afterEach(() => t.close())

test('what was given out to an account stands with what became of it, and never with what it is', async () => {
  const host = 'other.localhost'
  const boss = await t.account({ username: 'boss', admin: true, space: t.other })
  const somebody = await t.account({ username: 'somebody', space: t.other, email: 'somebody@example.org' })
  const enter = async (username: string, password: string) => {
    const window = visitor(t, { host })
    await window.open('/login')
    await window.submit({ username, password })
    return window
  }
  const browser = await enter(boss.username, boss.password)
  const path = `/admin/accounts/${somebody.id}/activity`
  const fresh = words(await browser.open(path))
  expect(fresh).toContain('Nobody is signed in to this panel with it.')
  expect(fresh).toContain('Set-up link')

  const person = await enter(somebody.username, somebody.password)
  await person.open('/email/change')
  await person.submit({ email: 'new@example.org', current_password: somebody.password })
  await browser.open(`/admin/accounts/${somebody.id}/reset_password_email/create`)
  await browser.submit()
  const full = await browser.open(path)
  for (const line of [
    /Code for a new e-mail address new@example\.org .* Still good/,
    /Password link .* Still good/,
    /Set-up link .* Still good/,
    /192\.0\.2\.7 · Last used/,
  ]) {
    expect(words(full)).toMatch(line)
  }
  const rows = await t.db.read.select().from(t.db.tables.emailChangeCodes)
  const code = t.parts.secrets.open(rows[0]?.code ?? '')
  expect(full.text).not.toMatch(new RegExp(`[> ]${code}[< ]`))
  const { account } = await t.parts.accounts.byId(t.other, somebody.id)
  expect(full.text).not.toContain(t.parts.provisioningTokens.reveal(account.sealedProvisioningToken) ?? 'none')

  t.clock.now = new Date(t.clock.now.getTime() + 61 * 60_000)
  const later = await enter(boss.username, boss.password)
  expect(words(await later.open(path))).toMatch(/Password link .* Too old/)
  await later.open(`/admin/accounts/${somebody.id}`)
  await later.submit({}, { form: `/admin/accounts/${somebody.id}/provision` })
  expect(words(await later.open(path))).toMatch(/Set-up link .* Used or replaced/)
})
