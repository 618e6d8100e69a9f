import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { words } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// A phone is lost, a number moves, somebody leaves, codes are printed (behaviour/panel.md §7.23, behaviour/panel.md §7.24).

let t: TestApp
let boss: TestAccount
let elena: TestAccount

beforeEach(async () => {
  t = await testApp({ env: WITH_MAIL })
  boss = await t.account({ username: 'boss', admin: true, space: t.other })
  elena = await t.account({ username: '2106', space: t.other })
})
afterEach(() => t.close())

const HOST = 'other.localhost'

const entered = async (account: TestAccount, host = HOST) => {
  const browser = visitor(t, { host })
  await browser.open('/login')
  await browser.submit({ username: account.username, password: account.password })
  return browser
}
const pathOf = ({ id }: { readonly id: number }, rest = '') => `/admin/accounts/${id}${rest}`
const rows = () => t.db.read.select().from(t.db.tables.accounts)
const named = async (username: string) => (await rows()).find((row) => row.username === username)
const audited = async (action: string) => {
  const { json } = await t.get(`/api/audit_log?action=${action}`, { as: boss, host: HOST })
  return json.data as { readonly subject: { readonly name: string }; readonly detail: Record<string, unknown> | null }[]
}
/** The set-up link on a page. */
const linkOn = (text: string): string => /value="(http[^"]*\/provisioning\/[^"]+)"/.exec(text)?.[1] ?? ''
const scans = async (link: string): Promise<number> =>
  (await t.get(new URL(link).pathname, { host: HOST, headers: { 'x-linphone-provisioning': '1' } })).status
const register = (account: TestAccount) => t.get('/api/accounts/me', { as: account, host: HOST })

describe('a lost phone', () => {
  test('is nobody’s own, nor one of another Space, and to look at the question changes nothing', async () => {
    const browser = await entered(boss)
    const foreign = await t.account({ username: 'foreign' })
    const before = await t.snapshot()
    expect((await browser.open(pathOf(foreign, '/lost_phone'))).status).toBe(404)
    expect((await browser.open(pathOf(boss, '/lost_phone'))).status).toBe(403)
    expect((await browser.open(pathOf(elena, '/lost_phone'))).status).toBe(200)
    expect(await t.snapshot()).toBe(before)
    const over = (id: number) => t.post(`/api/accounts/${id}/replace_phone`, { as: boss, host: HOST })
    expect([(await over(boss.id)).status, (await over(foreign.id)).status]).toEqual([403, 404])
    expect((await t.post(`/api/accounts/${boss.id}/replace_phone`, { as: elena, host: HOST })).status).toBe(403)
    expect((await register(boss)).status).toBe(200)
  })

  test('opens nothing any more after one button, and the code for the next one is there', async () => {
    const browser = await entered(boss)
    const theirs = await entered(elena)
    const printed = linkOn((await browser.open(pathOf(elena, '?show=code'))).text)
    await t.post('/api/accounts/me/api_key', { as: elena, host: HOST })
    const asked = words(await browser.open(pathOf(elena, '/lost_phone')))
    expect(asked).toContain('Lock out the lost phone of 2106?')
    const done = await browser.submit()
    expect([done.status, done.headers.get('location')]).toEqual([302, pathOf(elena, '?show=code')])
    const page = await browser.open(pathOf(elena, '?show=code'))
    expect(words(page)).toContain('The lost phone is locked out. Set up the new one with this code.')
    expect(page.text).toContain('<details class="more" open')
    // Neither the password, nor a browser, nor the code from before.
    expect((await register(elena)).status).toBe(401)
    expect((await theirs.open('/dashboard')).headers.get('location')).toStartWith('/login')
    if (printed !== '') expect(await scans(printed)).toBe(404)
    expect(await scans(linkOn(page.text))).toBe(200)
    expect((await audited('account.password'))[0]).toMatchObject({ detail: { reason: 'phone lost' } })
    expect((await audited('account.provisioned'))[0]).toMatchObject({ subject: { name: '2106@sip.other.org' } })
  })
})

describe('a number', () => {
  test('that is no name, is the same, or is somebody’s is refused with whose it is, and what to do', async () => {
    const browser = await entered(boss)
    const farid = await t.account({ username: '2150', space: t.other })
    await browser.open(pathOf(elena, '/number'))
    const before = await t.snapshot()
    for (const [username, said] of [
      ['', 'Fill in this field.'],
      ['Elena', 'Use lower-case letters only.'],
      ['2106', 'This is what it is now.'],
    ] as const) {
      const refused = await browser.submit({ username }, { stay: true })
      expect([refused.status, words(refused).includes(said)]).toEqual([422, true])
    }
    const held = await browser.submit({ username: '2150' }, { stay: true })
    expect([held.status, words(held).includes('2150 is the number of 2150.')]).toEqual([422, true])
    expect(held.text).toContain(pathOf(farid, '/number'))
    expect(await t.snapshot()).toBe(before)
    expect((await browser.open(pathOf(boss, '/number'))).status).toBe(403)
  })

  test('is changed with all else left as it was; the old one is free, and the page has the code for the phone', async () => {
    const browser = await entered(boss)
    await browser.open(pathOf(elena, '/edit'))
    await browser.submit({ username: '2106', display_name: 'Elena Rossi', email: 'elena@example.org' })
    await browser.open(pathOf(elena, '/number'))
    const colleague = await entered(boss)
    await colleague.open(pathOf(elena, '/number'))
    expect((await browser.submit({ username: '2177' })).headers.get('location')).toBe(pathOf(elena, '?show=code'))
    const page = await browser.open(pathOf(elena, '?show=code'))
    expect(words(page)).toContain('The number is changed. Set up the phone again with this code.')
    expect(await scans(linkOn(page.text))).toBe(200)
    expect(await named('2177')).toMatchObject({
      id: elena.id,
      displayName: 'Elena Rossi',
      email: 'elena@example.org',
      activated: true,
      blocked: false,
      admin: false,
    })
    expect((await register(elena)).status).toBe(401)
    const stale = await colleague.submit({ username: '2178' })
    expect([stale.status, (await named('2178')) === undefined]).toEqual([422, true])
    await browser.open('/admin/accounts/create')
    const next = await browser.submit({ username: '2106', makes_password: '1', admin: '0', activated: '1' })
    expect(next.status).toBe(302)
  })
})

describe('somebody who leaves', () => {
  test('leaves a number that stays reserved, unless the next person gets it at once', async () => {
    const browser = await entered(boss)
    const farid = await t.account({ username: '2150', space: t.other })
    const choices = words(await browser.open(pathOf(elena, '/leaving')))
    expect(choices).toContain('What becomes of 2106?')
    expect(choices).toContain('2106 stays reserved for 7 days')
    expect((await browser.open(pathOf(boss, '/leaving'))).status).toBe(403)

    await browser.open(pathOf(farid, '/delete'))
    expect((await browser.submit({ username: '2150' })).headers.get('location')).toBe('/admin/accounts')
    await browser.open('/admin/accounts/create')
    const wanted = { makes_password: '1', admin: '0', activated: '1' }
    expect((await browser.submit({ ...wanted, username: '2150' })).status).toBe(422)

    await browser.open(pathOf(elena, '/delete?frees_name=1'))
    expect((await browser.submit({ username: '2016' }, { stay: true })).status).toBe(422)
    const freed = await browser.submit({ username: '2106' })
    expect(freed.headers.get('location')).toBe('/admin/accounts/create?username=2106&domain=sip.other.org')
    const form = await browser.open(freed.headers.get('location') ?? '')
    expect(words(form)).toContain('The account is deleted and its number is free. Whose is it now?')
    expect(form.text).toContain('value="2106"')
    expect((await browser.submit({ ...wanted, display_name: 'Olga Petrova' })).status).toBe(302)
    expect(await named('2106')).toMatchObject({ displayName: 'Olga Petrova' })
    expect((await named('2106'))?.id).not.toBe(elena.id)
  })

  test('over the API, too', async () => {
    const at = { as: boss, host: HOST }
    const gone = (body: object) => t.send('DELETE', `/api/accounts/${elena.id}`, { ...at, body })
    expect((await gone({ frees_name: 'perhaps' })).status).toBe(422)
    expect(await named('2106')).toMatchObject({ id: elena.id })
    expect((await gone({ frees_name: true })).status).toBe(200)
    const browser = await entered(boss)
    await browser.open('/admin/accounts/create')
    const next = await browser.submit({ username: '2106', makes_password: '1', admin: '0', activated: '1' })
    expect(next.status).toBe(302)
  })
})

describe('a sheet of codes', () => {
  const chosen = (browser: ReturnType<typeof visitor>, fields: Record<string, string>) =>
    browser.submit({ action: 'sheet', ...fields }, { form: '/admin/accounts/bulk' })

  test('asks first, is made of the Space’s own accounts alone, and of a hundred at most', async () => {
    const browser = await entered(boss)
    const foreign = await t.account({ username: 'foreign' })
    await browser.open('/admin/accounts')
    const before = await t.snapshot()
    const asked = await chosen(browser, { accounts: `${elena.id},${foreign.id}` })
    expect(words(asked)).toContain('Make cards with the QR codes of 2 accounts?')
    expect(words(asked)).toContain('Links and codes that were given out before stop working')
    expect((await browser.submit()).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
    for (let n = 0; n < 101; n += 1) await t.account({ username: `3${String(n).padStart(3, '0')}`, space: t.other })
    await browser.open('/admin/accounts')
    expect((await chosen(browser, { everything: '1' })).status).toBe(302)
    expect(words(await browser.open('/admin/accounts'))).toContain('A sheet has 100 cards at most')
  })

  test('has a card for each who can use it: name, address, a code that works once, and leaves a row', async () => {
    const browser = await entered(boss)
    const closed = await t.account({ username: '2114', space: t.other, blocked: true })
    await browser.open('/admin/accounts')
    await chosen(browser, { accounts: `${elena.id},${boss.id},${closed.id}` })
    const sheet = await browser.submit()
    expect(sheet.status).toBe(200)
    expect(sheet.headers.get('cache-control')).toContain('no-store')
    const said = words(sheet)
    expect(said).toContain('2 accounts, one card each.')
    expect(said).toContain('2106@ sip.other.org')
    expect(said).toContain('Not on the sheet, because blocked or switched off: 2114.')
    expect(sheet.text.match(/data:image\/png/g)).toHaveLength(2)
    const link = linkOn((await browser.open(pathOf(elena, '?show=code'))).text)
    expect([await scans(link), await scans(link)]).toEqual([200, 404])
    expect((await audited('account.provisioned')).map(({ detail }) => detail)).toEqual([
      { via: 'document' },
      { via: 'sheet' },
      { via: 'sheet' },
    ])
  })
})
