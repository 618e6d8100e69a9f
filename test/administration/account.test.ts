import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { FORM, parsePage, words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// One account, for those who administer it: made, looked at, changed, deleted (behaviour/panel.md §7.3).

let t: TestApp

beforeEach(async () => {
  t = await testApp({ env: WITH_MAIL })
})
afterEach(() => t.close())

const entered = async (account: TestAccount, host = 'localhost') => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username: account.username, password: account.password })
  return browser
}
/** An administrator of a Space that is not super. */
const boss = async () => {
  const account = await t.account({ username: 'boss', admin: true, space: t.other })
  return { account, browser: await entered(account, 'other.localhost') }
}
const idOf = (location: string | null): number => Number(/\/admin\/accounts\/(\d+)/.exec(location ?? '')?.[1])
const accountWith = async (id: number) =>
  (await t.db.read.select().from(t.db.tables.accounts)).find((row) => row.id === id)

const MADE = { username: '101', display_name: 'Front desk', makes_password: '1', admin: '0', activated: '1' }

test('a form that is wrong is shown again with each fault at its field, and makes nothing', async () => {
  const { browser } = await boss()
  await browser.open('/admin/accounts/create')
  const before = await t.snapshot()
  const wrong = {
    username: 'Über',
    email: 'nobody',
    phone: '12',
    makes_password: '0',
    password: 'abc',
    password_confirmation: 'abd',
  }
  const refused = await browser.submit({ ...wrong, mails: '1' })
  expect(refused.status).toBe(422)
  for (const fault of [
    'Use lower-case letters only.',
    'Enter an e-mail address, such as alice@example.org.',
    'Enter the number in international form, such as +33612345678.',
    'Enter at least 6 characters.',
  ]) {
    expect(words(refused)).toContain(fault)
  }
  expect(refused.text).toContain('value="Über"')
  const unreachable = await browser.submit({ ...MADE, email: '', mails: '1' })
  expect(words(unreachable)).toContain('The set-up link needs an address to go to.')
  const untyped = await browser.submit({ ...MADE, makes_password: '0', mails: '0', email: '', phone: '', password: '' })
  expect([untyped.status, words(untyped).includes('Fill in this field.')]).toEqual([422, true])
  expect(await t.snapshot()).toBe(before)
})

test('an account is made with a short extension as its name; its code is folded on its page', async () => {
  const { browser } = await boss()
  await browser.open('/admin/accounts/create')
  const made = await browser.submit({ ...MADE, mails: '', blocked: '', another: '', admin: '0' })
  expect(made.status).toBe(302)
  const page = await browser.open(made.headers.get('location') ?? '')
  expect(words(page)).toContain('The account is created. Next: set up its phone.')
  expect(words(page)).toContain('101@ sip.other.org')
  expect(page.text).toMatch(/<details class="more"><summary>[\s\S]*Show the QR code[\s\S]*data:image\/png;base64,/)
  expect(await accountWith(idOf(made.headers.get('location')))).toMatchObject({
    username: '101',
    domain: 'sip.other.org',
    displayName: 'Front desk',
    activated: true,
    admin: false,
    blocked: false,
  })
})

test('its name is refused to the next one, and to nobody after it was deleted', async () => {
  const { browser } = await boss()
  await browser.open('/admin/accounts/create')
  const made = await browser.submit({ ...MADE, mails: '', blocked: '', another: '' })
  const id = idOf(made.headers.get('location'))
  const again = async () => {
    await browser.open('/admin/accounts/create')
    return words(await browser.submit({ ...MADE, mails: '', blocked: '', another: '' }))
  }
  expect(await again()).toContain('This is in use already.')
  await browser.open(`/admin/accounts/${id}/delete`)
  const mistyped = await browser.submit({ username: '110' })
  expect([mistyped.status, (await accountWith(id))?.username]).toEqual([422, '101'])
  const gone = await browser.submit({ username: '101' })
  expect([gone.status, await accountWith(id)]).toEqual([302, undefined])
  expect(await again()).toContain('This is in use already.')
})

test('the set-up link is mailed with the account, in one go', async () => {
  const { browser } = await boss()
  await browser.open('/admin/accounts/create')
  const made = await browser.submit({ ...MADE, email: 'desk@example.org', mails: '1', blocked: '', another: '1' })
  expect(made.headers.get('location')).toBe('/admin/accounts/create?another=1&domain=sip.other.org')
  const mails = await t.db.read.select().from(t.db.tables.outboxMessages)
  expect(mails.map(({ kind, recipient }) => [kind, recipient])).toEqual([['provisioning', 'desk@example.org']])
  const next = await browser.open('/admin/accounts/create?another=1&domain=sip.other.org')
  expect(words(next)).toContain('its set-up link is on its way')
})

test('an administrator whose sign-in is old proves it again before making another one', async () => {
  const { account, browser } = await boss()
  t.clock.now = new Date(t.clock.now.getTime() + 16 * 60_000)
  await browser.open('/admin/accounts/create')
  const wanted = { ...MADE, admin: '1', mails: '', blocked: '', another: '' }
  for (const current_password of ['', 'wrong-horse']) {
    expect((await browser.submit({ ...wanted, current_password })).status).toBe(422)
  }
  const made = await browser.submit({ ...wanted, current_password: account.password })
  expect(await accountWith(idOf(made.headers.get('location')))).toMatchObject({ admin: true })
})

test('what somebody else changed meanwhile is shown, and not overwritten', async () => {
  const { account, browser } = await boss()
  const { id } = await t.account({ username: 'somebody', space: t.other })
  await browser.open(`/admin/accounts/${id}/edit`)
  const [second] = [await entered(account, 'other.localhost')]
  await second.open(`/admin/accounts/${id}/edit`)
  expect(
    (
      await second.submit({
        makes_password: 'keep',
        display_name: 'Somebody else',
        admin: '0',
        activated: '1',
        blocked: '',
      })
    ).status,
  ).toBe(302)
  const stale = await browser.submit({
    makes_password: 'keep',
    display_name: 'Somebody',
    admin: '0',
    activated: '1',
    blocked: '',
  })
  expect([stale.status, words(stale).includes('Somebody else changed this while you had it open.')]).toEqual([
    422,
    true,
  ])
  expect((await accountWith(id))?.displayName).toBe('Somebody else')
  expect(
    (
      await browser.submit({
        makes_password: 'keep',
        display_name: 'Somebody',
        admin: '0',
        activated: '1',
        blocked: '',
      })
    ).status,
  ).toBe(302)
  expect((await accountWith(id))?.displayName).toBe('Somebody')
})

test('another name needs a new password in the same submit', async () => {
  const { browser } = await boss()
  const { id } = await t.account({ username: 'somebody', space: t.other })
  await browser.open(`/admin/accounts/${id}/edit`)
  const renamed = { username: '102', makes_password: 'keep', admin: '0', activated: '1', blocked: '' }
  const refused = await browser.submit({ ...renamed, password: '', password_confirmation: '' })
  expect([refused.status, (await accountWith(id))?.username]).toEqual([422, 'somebody'])
  const secret = { makes_password: '0', password: 'battery-staple', password_confirmation: 'battery-staple' }
  expect((await browser.submit({ ...renamed, ...secret })).status).toBe(302)
  expect((await accountWith(id))?.username).toBe('102')
  const owner = visitor(t, { host: 'other.localhost' })
  await owner.open('/login')
  const entering = await owner.submit({ username: '102', password: 'battery-staple' })
  expect(entering.headers.get('location')).toBe('/dashboard')
})

test('a lost phone: a password that is made is shown to nobody, and what was signed in is signed out', async () => {
  const { browser } = await boss()
  const somebody = await t.account({ username: 'somebody', space: t.other })
  const person = await entered(somebody, 'other.localhost')
  await browser.open(`/admin/accounts/${somebody.id}/edit`)
  const fields = { admin: '0', activated: '1', blocked: '', password: '', password_confirmation: '' }
  const untyped = await browser.submit({ ...fields, makes_password: '0' })
  expect([untyped.status, words(untyped).includes('Fill in this field.')]).toEqual([422, true])
  expect((await person.open('/dashboard')).status).toBe(200)
  expect((await browser.submit({ ...fields, makes_password: '1' })).status).toBe(302)
  expect((await person.open('/dashboard')).status).toBe(302)
  const again = visitor(t, { host: 'other.localhost' })
  await again.open('/login')
  expect((await again.submit({ username: 'somebody', password: somebody.password })).status).toBe(422)
})

test('nobody takes their own rights, whatever they send', async () => {
  const { account, browser } = await boss()
  await browser.open(`/admin/accounts/${account.id}/edit`)
  const saved = await browser.submit({
    makes_password: 'keep',
    display_name: 'The boss',
    admin: '0',
    blocked: '1',
    activated: '0',
  })
  expect(saved.status).toBe(302)
  expect(await accountWith(account.id)).toMatchObject({
    displayName: 'The boss',
    admin: true,
    blocked: false,
    activated: true,
  })
  const own = await browser.open(`/admin/accounts/${account.id}/delete`)
  expect([own.status, words(own).includes('Your own account goes from your own pages')]).toEqual([403, true])
  const { form_token = '' } = parsePage(await browser.open(`/admin/accounts/${account.id}/edit`)).fields
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const deleted = await t.post(`/admin/accounts/${account.id}/delete`, {
    host: 'other.localhost',
    headers: { ...FORM, cookie },
    body: new URLSearchParams({ form_token, username: 'boss' }).toString(),
  })
  expect([deleted.status, (await accountWith(account.id))?.username]).toEqual([403, 'boss'])
})

test('a super administrator makes accounts in every Space, and their codes lead there', async () => {
  const browser = await entered(await t.account({ username: 'root', admin: true }))
  const page = await browser.open('/admin/accounts/create?domain=sip.other.org')
  expect(page.text).toContain('<option value="sip.other.org" selected>')
  const made = await browser.submit({ ...MADE, domain: 'sip.other.org', mails: '', blocked: '', another: '' })
  const id = idOf(made.headers.get('location'))
  expect((await accountWith(id))?.domain).toBe('sip.other.org')
  const shown = await browser.open(`/admin/accounts/${id}`)
  expect(shown.text).toMatch(/value="https?:\/\/other\.localhost\/provisioning\/\w{13}"/)
  const before = parsePage(shown, `/admin/accounts/${id}/provision`)
  expect(before.action).toBe(`/admin/accounts/${id}/provision`)
  await browser.submit({}, { form: `/admin/accounts/${id}/provision` })
  const renewed = await browser.open(`/admin/accounts/${id}`)
  const linkIn = (text: string) => /\/provisioning\/(\w{13})"/.exec(text)?.[1]
  expect(linkIn(renewed.text)).not.toBe(linkIn(shown.text))
})

test('a full Space has no form for another account, and takes none', async () => {
  const { browser } = await boss()
  await browser.open('/admin/accounts/create')
  const { spaces } = t.db.tables
  await t.db.transaction((tx) => tx.update(spaces).set({ maxAccounts: 1 }).where(eq(spaces.id, t.other.id)))
  t.parts.spaces.forget()
  const refused = await browser.submit({ ...MADE, mails: '', blocked: '', another: '' })
  expect(refused.status).toBe(403)
  const page = await browser.open('/admin/accounts/create')
  expect(words(page)).toContain('This space is full: it has room for 1 account.')
  expect(page.text).not.toContain('name="username"')
})
