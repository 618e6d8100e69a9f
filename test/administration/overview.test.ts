import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// Where administrators start (behaviour/panel.md §7.1).

let t: TestApp

beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

const signedIn = async (username: string, admin: boolean) => {
  const account = await t.account({ username, admin })
  const browser = visitor(t)
  await browser.open('/login')
  const entered = await browser.submit({ username, password: account.password })
  return { browser, entered }
}

test('the pages of administrators are refused to people, and lead strangers to the sign-in', async () => {
  const { browser, entered } = await signedIn('somebody', false)
  expect(entered.headers.get('location')).toBe('/dashboard')
  for (const path of ['/admin', '/admin/spaces/me']) {
    expect([path, (await browser.open(path)).status]).toEqual([path, 403])
    const turned = await visitor(t).open(path)
    expect([turned.status, turned.headers.get('location')]).toEqual([302, `/login?next=${encodeURIComponent(path)}`])
  }
})

test('an administrator starts at the overview of the Space, by the sign-in and when signed in already', async () => {
  const { browser, entered } = await signedIn('boss', true)
  expect(entered.headers.get('location')).toBe('/admin/spaces/me')
  for (const path of ['/login', '/admin']) {
    expect([path, (await browser.open(path)).headers.get('location')]).toEqual([path, '/admin/spaces/me'])
  }
  const page = await browser.open('/admin/spaces/me')
  expect(page.status).toBe(200)
  expect(words(page)).toContain('SIP domain sip.example.org')
  expect(words(page)).toContain('Accounts 1')
  expect(page.text).toContain('href="/admin/spaces/me" aria-current="page"')
})

test('an administrator finds their own account in the menu, in a group of its own', async () => {
  const { browser } = await signedIn('boss', true)
  const page = await browser.open('/dashboard')
  expect(words(page)).toContain('My own account')
  expect(page.text).toContain('href="/dashboard" aria-current="page"')
})

test('an administrator reads how full the Space is, who administers it, and what has to be seen to', async () => {
  const { spaces } = t.db.tables
  await t.db.transaction((tx) =>
    tx.update(spaces).set({ maxAccounts: 2, expireAt: null }).where(eq(spaces.id, t.main.id)).returning(),
  )
  t.parts.spaces.forget()
  const { browser } = await signedIn('boss', true)
  await t.account({ username: 'plain' })
  const page = await browser.open('/admin/spaces/me')
  for (const said of ['2 of 2', 'boss', 'This Space is full', 'E-mails cannot be sent', 'no SMS can be sent']) {
    expect(words(page)).toContain(said)
  }
  expect(page.text).toMatch(/<progress class="bad"[^>]* value="2" max="2"/)
  expect(page.text).toContain('href="/admin/accounts/create?admin=1"')
  expect(words(page)).not.toContain('plain')
})

test('a super administrator reads the same of another Space, with the way to its own sign-in', async () => {
  const { browser } = await signedIn('root', true)
  const page = await browser.open(`/admin/spaces/${t.other.id}`)
  expect(words(page)).toContain('Nobody administers this Space yet')
  expect(page.text).toContain('href="http://other.localhost/login"')
  expect(page.text).toContain('href="/admin/accounts/create?domain=sip.other.org"')
  expect((await browser.open('/admin/spaces/999999')).status).toBe(404)
})
