import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// The way of a new Space to its first phone (behaviour/panel.md §7.19).

const PATH = '/admin/get-started'
const OVERVIEW = '/admin/spaces/me'

let t: TestApp
beforeEach(async () => {
  t = await testApp()
})
afterEach(() => t.close())

const signedIn = async (username: string, more: object) => {
  const account = await t.account({ username, ...more })
  const browser = visitor(t, { host: account.domain === t.other.domain ? t.other.host : 'localhost' })
  await browser.open('/login')
  await browser.submit({ username, password: account.password })
  return { browser, account }
}
/** Of the steps, in their order. */
const states = async (browser: ReturnType<typeof visitor>) =>
  words(await browser.open(PATH))
    .match(/\b(Done|Missing)\b/g)
    ?.join(' ')

test('is for administrators alone', async () => {
  const { browser } = await signedIn('somebody', {})
  expect((await browser.open(PATH)).status).toBe(403)
})

test('each step is missing until it is done, and missing again when it is undone', async () => {
  const { browser } = await signedIn('root', { admin: true })
  expect(await states(browser)).toBe('Missing Missing Missing Missing')
  const page = await browser.open(PATH)
  for (const to of ['/admin/phone_countries', '/admin/spaces/me/email', '/admin/accounts/create', '/admin/accounts']) {
    expect(page.text).toContain(`href="${to}"`)
    expect([to, (await browser.open(to)).status]).toEqual([to, 200])
  }
  await t.parts.phoneCountries.activate(null, 'FR')
  const first = await t.account({ username: '101' })
  expect(await states(browser)).toBe('Done Missing Done Missing')
  const token = (await t.get('/api/accounts/me', { as: first })).json.provisioning_token
  const headers = { 'x-linphone-provisioning': 'true' }
  expect((await t.get(`/provisioning/${token}`, { headers })).status).toBe(200)
  expect(await states(browser)).toBe('Done Missing Done Done')
  await t.parts.phoneCountries.deactivate(null, 'FR')
  expect(await states(browser)).toBe('Missing Missing Done Done')
})

test('an administrator of a Space is told whom to ask for countries, and led to no page that is not theirs', async () => {
  const { browser } = await signedIn('boss', { admin: true, space: t.other })
  const page = await browser.open(PATH)
  expect(words(page)).toContain('until a super administrator opens their countries')
  expect(page.text).not.toContain('/admin/phone_countries')
})

test('the overview leads there until it is hidden in this browser, and again when it is shown', async () => {
  const { browser } = await signedIn('boss', { admin: true })
  expect((await browser.open(OVERVIEW)).text).toContain(`href="${PATH}"`)
  await browser.open(PATH)
  const hidden = await browser.submit({}, { form: `${PATH}/hide` })
  expect([hidden.status, hidden.headers.get('location')]).toEqual([302, OVERVIEW])
  const without = await browser.open(OVERVIEW)
  expect(without.text).not.toContain(`href="${PATH}"`)
  expect(words(without)).toContain('hidden in this browser')
  await browser.open(PATH)
  await browser.submit({}, { form: `${PATH}/hide` })
  expect((await browser.open(OVERVIEW)).text).toContain(`href="${PATH}"`)
})
