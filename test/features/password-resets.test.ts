import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { MINUTE_MS } from '../support/time.ts'
import { visitor } from '../support/visitor.ts'

let t: TestApp
let admin: TestAccount
let account: TestAccount

const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { ...WITH_MAIL, ...env } })
  admin = await t.account({ admin: true })
  account = await t.account({ username: 'somebody', email: 'somebody@example.org', activated: false })
}
beforeEach(() => start())
afterEach(() => t.close())

const mailLink = (who = account, call: { headers?: Record<string, string> } = {}) =>
  t.post(`/api/accounts/${who.id}/send_reset_password_email`, { as: admin, ...call })

/** The path of the newest link that was mailed. */
const newestLink = async (): Promise<string> => {
  const mails = (await t.messages()).filter(({ kind, data }) => kind === 'reset_password' && data !== null)
  return new URL(String(mails.at(-1)?.data?.link)).pathname
}

const sentLink = async (who = account): Promise<string> => {
  expect((await mailLink(who)).status).toBe(200)
  return newestLink()
}

const PASSWORDS = { password: 'battery-staple', password_confirmation: 'battery-staple' }

/** Who signs in with which password. */
const opens = async (password: string, who = account) =>
  (await t.digest({ ...who, password }, 'GET', '/api/accounts/me')).status === 200

describe('a reset link is not sent', () => {
  test('by anybody but an administrator of the Space', async () => {
    const path = `/api/accounts/${account.id}/send_reset_password_email`
    const foreign = await t.account({ space: t.other, admin: true })
    expect((await t.post(path)).status).toBe(401)
    expect((await t.post(path, { as: account })).status).toBe(403)
    expect((await t.post(path, { as: foreign, host: t.other.host })).status).toBe(404)
    expect(await t.messages()).toEqual([])
  })

  test('to nobody, to an account without an address, or where no passwords are stored', async () => {
    const silent = await t.account()
    expect((await t.post('/api/accounts/4711/send_reset_password_email', { as: admin })).status).toBe(404)
    const reply = await mailLink(silent)
    expect([reply.status, reply.json]).toEqual([403, { message: 'This account has no e-mail address.' }])
    const keyless = await t.space({ domain: 'sip.keys.org', host: 'keys.localhost', digest: null })
    const [its, one] = [
      await t.account({ space: keyless, admin: true }),
      await t.account({ space: keyless, email: 'one@example.org' }),
    ]
    const call = { as: its, host: keyless.host }
    expect((await t.post(`/api/accounts/${one.id}/send_reset_password_email`, call)).status).toBe(403)
    expect((await t.get('/reset_password/0123456789abcdef', { host: keyless.host })).status).toBe(403)
    expect(await t.messages()).toEqual([])
  })
})

describe('a reset link', () => {
  test('goes to the account’s address, in its language, and only its hash is kept', async () => {
    const french = await t.account({ email: 'fr@example.org', locale: 'fr' })
    const reply = await mailLink(french)
    expect([reply.status, reply.text]).toEqual([200, ''])
    const [mail] = await t.messages()
    expect(mail).toMatchObject({ channel: 'mail', kind: 'reset_password', recipient: 'fr@example.org', language: 'fr' })
    expect(mail?.data).toMatchObject({
      'account.identifier': `${french.username}@sip.example.org`,
      expires_minutes: 1440,
    })
    const link = String(mail?.data?.link)
    expect(link).toMatch(/^http:\/\/localhost\/reset_password\/[A-Za-z0-9]{16}$/)
    const token = link.slice(-16)
    expect(await t.snapshot()).not.toContain(token)
    expect(t.lines.join('\n')).not.toContain(token)
    expect(t.lines.join('\n')).toContain('auth.reset.sent')
    expect(t.lines.join('\n')).not.toContain('fr@example.org')
  })

  test('that is unknown, or of another Space, is not found', async () => {
    const link = await sentLink()
    for (const path of ['/reset_password/0123456789abcdef', '/reset_password/short', link.toLowerCase()]) {
      expect((await t.get(path)).status).toBe(404)
    }
    expect((await t.get(link, { host: t.other.host })).status).toBe(404)
    const browser = visitor(t)
    await browser.open(link)
    expect((await browser.submit({ ...PASSWORDS, token: '0123456789abcdef' }, { stay: true })).status).toBe(404)
    expect((await browser.submit({ ...PASSWORDS, token: '' }, { stay: true })).status).toBe(404)
  })

  test('is no longer available once it was used, is too old, or a newer one was sent', async () => {
    const first = await sentLink()
    const browser = visitor(t)
    await browser.open(first)
    const second = await sentLink()
    expect((await t.get(first)).status).toBe(410)
    expect((await browser.submit(PASSWORDS)).status).toBe(403)
    const old = visitor(t)
    await old.open(second)
    t.later(1441 * MINUTE_MS)
    const gone = await t.get(second)
    expect([gone.status, gone.text]).toEqual([410, expect.stringContaining('no longer available')])
    expect((await old.submit(PASSWORDS)).status).toBe(403)
    expect(await opens(account.password)).toBe(true)
    expect(t.lines.join('\n')).toContain('auth.reset.fail')
  })

  test('does nothing for a blocked account', async () => {
    const link = await sentLink()
    const browser = visitor(t)
    await browser.open(link)
    await t.post(`/api/accounts/${account.id}/block`, { as: admin })
    expect((await t.get(link)).status).toBe(403)
    expect((await browser.submit(PASSWORDS)).status).toBe(403)
    await t.post(`/api/accounts/${account.id}/unblock`, { as: admin })
    expect(await opens(account.password)).toBe(true)
  })

  test('is spent neither by looking, nor by another site, nor by a password that will not do', async () => {
    const link = await sentLink()
    const browser = visitor(t)
    const page = await browser.open(link)
    expect([page.headers.get('referrer-policy'), page.headers.get('cache-control')]).toEqual([
      'no-referrer',
      'no-store, private',
    ])
    const still = { stay: true }
    expect((await browser.submit(PASSWORDS, { ...still, headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(
      403,
    )
    expect((await browser.submit({ ...PASSWORDS, form_token: 'x' }, still)).status).toBe(403)
    const short = await browser.submit({ password: 'short', password_confirmation: 'short' }, still)
    expect([short.status, short.text]).toEqual([422, expect.stringContaining('at least 6 characters')])
    const different = await browser.submit({ ...PASSWORDS, password_confirmation: 'battery-stable' }, still)
    expect([different.status, different.text]).toEqual([422, expect.stringContaining('not the same')])
    expect(different.text).not.toContain('battery')
    expect((await browser.submit({}, still)).status).toBe(422)
    expect(await opens(account.password)).toBe(true)
    expect((await browser.submit(PASSWORDS)).status).toBe(200)
  })

  test('asks for the captcha of the installation', async () => {
    await t.close()
    await start({ CAPTCHA_PROVIDER: 'pow' })
    const browser = visitor(t)
    expect((await browser.open(await sentLink())).text).toContain('data-challenge=')
    const refused = await browser.submit(PASSWORDS)
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('role="alert"')])
    expect(await opens(account.password)).toBe(true)
  })

  test('is a page of the panel: not there while the panel is off, in the language of the browser otherwise', async () => {
    const link = await sentLink()
    expect((await t.get(link, { headers: { 'accept-language': 'fr' } })).text).toContain('Nouveau mot de passe')
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ webPanel: false }).returning())
    t.parts.spaces.forget()
    expect((await t.get(link)).headers.get('location')).toBe('/about')
  })
})

test('the new password replaces the old one, activates the account, and ends what was signed in', async () => {
  const browser = visitor(t)
  await browser.open(await sentLink())
  const [signedIn] = await t.db.transaction((tx) => {
    const at = { lastUsedAt: t.clock.now, expiresAt: t.clock.now, createdAt: t.clock.now, updatedAt: t.clock.now }
    return tx
      .insert(t.db.tables.sessions)
      .values({ accountId: account.id, token: 'hash', kind: 'panel', ...at })
      .returning()
  })
  expect(signedIn).toBeDefined()
  const done = await browser.submit(PASSWORDS)
  expect([done.status, done.text]).toEqual([200, expect.stringContaining('Password changed')])

  expect(await opens(account.password)).toBe(false)
  expect(await opens('battery-staple')).toBe(true)
  expect((await t.get(`/api/accounts/${account.id}`, { as: admin })).json.activated).toBe(true)
  expect((await t.get('/api/accounts/me', { key: account.key })).status).toBe(401)
  expect(await t.db.read.select().from(t.db.tables.sessions)).toEqual([])
  expect((await t.messages()).map(({ kind, recipient }) => [kind, recipient])).toEqual([
    ['reset_password', 'somebody@example.org'],
    ['password_changed', 'somebody@example.org'],
  ])
  expect((await browser.open(await newestLink())).status).toBe(410)
  const log = t.lines.join('\n')
  expect(log).toContain('auth.reset.ok')
  expect(log).not.toContain('battery-staple')
})

test('of twenty who open the link at once one sets a password', async () => {
  const link = await sentLink()
  const replies = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const browser = visitor(t)
      await browser.open(link)
      const password = `battery-staple-${index}`
      return (await browser.submit({ password, password_confirmation: password })).status
    }),
  )
  expect(replies.filter((status) => status === 200)).toHaveLength(1)
  expect(replies.filter((status) => status === 403)).toHaveLength(19)
  expect(await opens(`battery-staple-${replies.indexOf(200)}`)).toBe(true)
  const notices = (await t.messages()).filter(({ kind }) => kind === 'password_changed')
  expect(notices).toHaveLength(1)
})

test('links stand on the Space’s host, with the base path', async () => {
  await t.close()
  await start({ BASE_PATH: '/phones', MAIL_HOST: 'mail.example.org' })
  await t.post(`/phones/api/accounts/${account.id}/send_reset_password_email`, {
    as: admin,
    headers: { host: 'localhost', 'x-forwarded-host': 'evil.example' },
  })
  expect(await newestLink()).toStartWith('/phones/reset_password/')
  const [mail] = await t.messages()
  expect(String(mail?.data?.link)).toStartWith('http://localhost/')
})
