import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { parsePage } from '../support/page.ts'

let t: TestApp
let alice: TestAccount

/** An account that a creation token has validated, in an installation that takes French numbers. */
const begin = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { MAIL_HOST: 'smtp.example.org', ...env } })
  await t.parts.phoneCountries.activate(null, 'FR')
  alice = await validated({ username: 'alice01' })
}
const validated = async (options: Parameters<TestApp['account']>[0]) => {
  const account = await t.account(options)
  const admin = await t.account({ admin: true, ...(options?.space === undefined ? {} : { space: options.space }) })
  const host = options?.space?.host ?? 'localhost'
  const { token } = (await t.post('/api/account_creation_tokens', { as: admin, host })).json
  const body = { account_creation_token: token }
  expect((await t.post('/api/account_creation_tokens/consume', { as: account, host, body })).status).toBe(200)
  return account
}

beforeEach(() => begin())
afterEach(() => t.close())

const PHONE = '+33612345678'
const EMAIL = 'new@example.org'
const askPhone = (phone: unknown = PHONE, as = alice, more = {}) =>
  t.post('/api/accounts/me/phone/request', { as, body: { phone }, ...more })
const askEmail = (email: unknown = EMAIL, as = alice, more = {}) =>
  t.post('/api/accounts/me/email/request', { as, body: { email }, ...more })
const givePhone = (code: unknown, as = alice) => t.post('/api/accounts/me/phone', { as, body: { code } })
const giveEmail = (code: unknown, as = alice) => t.post('/api/accounts/me/email', { as, body: { code } })
const last = async () => (await t.messages()).at(-1)
const lastCode = async () => String((await last())?.data?.code)
const wrong = (code: string) => String(((Number(code) - 1000 + 1) % 9000) + 1000)
const me = async (as = alice) => (await t.get('/api/accounts/me', { as })).json

/** As the panel makes one for whoever asks. */
const selfRegistered = () => t.account({ activated: false, selfRegistered: true })

describe('a code for a new phone number is refused', () => {
  test('to one that registered itself and confirmed nothing, whatever it sends; a setting lets it', async () => {
    const bob = await selfRegistered()
    const before = await t.snapshot()
    for (const phone of [PHONE, 'nonsense', null]) expect((await askPhone(phone, bob)).status).toBe(403)
    expect((await askEmail('nonsense', bob)).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
    await t.close()
    await begin({ REQUIRE_VALIDATED_ACCOUNT_FOR_CHANGES: 'false' })
    expect((await askPhone(PHONE, await selfRegistered())).status).toBe(200)
  })

  test('not to one that an administrator or the command line made, nor to one of before (D49)', async () => {
    const admin = await t.account({ admin: true })
    const body = { username: 'made.by.admin', password: 'correct-horse', algorithm: 'MD5' }
    const { id } = (await t.post('/api/accounts', { as: admin, body })).json
    const made = { ...admin, id, username: body.username, password: body.password }
    const phone = { phone: PHONE }
    expect((await t.digest(made, 'POST', '/api/accounts/me/phone/request', { body: phone })).status).toBe(200)
    const ours = { domain: 'sip.example.org', username: 'boss', password: 'correct-horse' }
    const boss = await t.parts.administrators.create({ ...ours, existing: 'refuse', keyAddress: null })
    expect((await askEmail(EMAIL, { ...ours, id: boss.account.id, key: boss.apiKey ?? '' })).status).toBe(200)
  })

  test('for a number that is missing, wrong, of a closed country, or somebody’s', async () => {
    await t.account({ phone: '+33611111111' })
    await t.account({ username: '+33622222222' })
    const before = await t.snapshot()
    for (const phone of [null, '', '0612345678', '+336', 12, '+31612345678', '+33611111111', '+33 6 22 22 22 22']) {
      const reply = await askPhone(phone)
      expect([phone, reply.status, Object.keys(reply.json.errors)]).toEqual([phone, 422, ['phone']])
    }
    for (const path of ['phone/request', 'email/request', 'phone', 'email']) {
      expect((await t.post(`/api/accounts/me/${path}`, { as: alice, body: {} })).status).toBe(422)
    }
    expect(await t.snapshot()).toBe(before)
  })
})

describe('a code for a new phone number', () => {
  test('is sent there, and to nobody else: the answer is empty, and no log line has it', async () => {
    const reply = await askPhone('+33 6 12 34 56 78')
    expect([reply.status, reply.text]).toEqual([200, ''])
    const message = await last()
    expect(message).toMatchObject({ channel: 'sms', kind: 'phone_code', recipient: PHONE, accountId: alice.id })
    expect(message?.data).toEqual({ code: expect.stringMatching(/^[1-9]\d{3}$/), expires_minutes: 10 })
    expect((await me()).phone).toBeNull()
    expect(t.lines.join('\n')).not.toContain(await lastCode())
    expect(t.lines.find((line) => line.includes('auth.code.sent'))).toContain('+3361****78')
  })

  test('makes the number the account’s, once; as text or as a number', async () => {
    const bob = await validated({ username: 'bobby01', activated: false })
    await askPhone(PHONE, bob)
    const code = await lastCode()
    const reply = await givePhone(Number(code), bob)
    expect([reply.status, reply.json.phone, reply.json.activated, reply.json.phone_change_code]).toEqual([
      200,
      PHONE,
      true,
      undefined,
    ])
    expect((await givePhone(code, bob)).status).toBe(404)
    expect(t.lines.some((line) => line.includes('account.phone'))).toBe(true)
  })

  test('has four digits, and what has not is refused without counting', async () => {
    await askPhone()
    for (const code of [undefined, null, '', '123', '12345', 'abcd', '12 4', ['1234'], 123]) {
      const reply = await givePhone(code)
      expect([code, reply.status, Object.keys(reply.json.errors)]).toEqual([code, 422, ['code']])
    }
    expect((await givePhone(await lastCode())).status).toBe(200)
  })

  test('may have more digits', async () => {
    await t.close()
    await begin({ CODE_DIGITS: '6' })
    await askPhone()
    expect(await lastCode()).toMatch(/^[1-9]\d{5}$/)
    expect((await givePhone('1234')).status).toBe(422)
    expect((await givePhone(await lastCode())).status).toBe(200)
  })

  test('that nobody asked for is not there', async () => {
    expect((await givePhone('1234')).status).toBe(404)
    expect((await giveEmail('1234')).status).toBe(404)
  })

  test('dies of three wrong guesses', async () => {
    await askPhone()
    const code = await lastCode()
    for (let i = 0; i < 3; i++) {
      const reply = await givePhone(wrong(code))
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['code']])
    }
    expect((await givePhone(code)).status).toBe(410)
    expect((await me()).phone).toBeNull()
    expect(t.logged('auth.code.fail')).toHaveLength(3)
  })

  test('dies of three of a hundred wrong guesses at once', async () => {
    await askPhone()
    const code = await lastCode()
    const replies = await Promise.all(Array.from({ length: 100 }, () => givePhone(wrong(code))))
    const counted = Map.groupBy(replies, ({ status }) => status)
    expect([counted.get(422)?.length, counted.get(410)?.length]).toEqual([3, 97])
    expect((await givePhone(code)).status).toBe(410)
  })

  test('is right for one of twenty at once', async () => {
    await askPhone()
    const code = await lastCode()
    const replies = await Promise.all(Array.from({ length: 20 }, () => givePhone(code)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 404)).toHaveLength(19)
  })

  test('is too old after its time, also for whoever has it right', async () => {
    await askPhone()
    const code = await lastCode()
    t.later(10 * 60_000 + 1)
    expect((await givePhone(wrong(code))).status).toBe(410)
    expect((await givePhone(code)).status).toBe(410)
  })

  test('is worth nothing once a newer one was asked for, and does not leave any more', async () => {
    await askPhone()
    const first = await lastCode()
    await askPhone('+33612345679')
    const [older, newer] = (await t.messages()).slice(-2)
    expect([older?.isDead, older?.lastError, older?.data, newer?.isDead]).toEqual([true, 'superseded', null, false])
    expect((await t.db.read.select().from(t.db.tables.phoneChangeCodes)).length).toBe(2)
    if (first !== (await lastCode())) expect((await givePhone(first)).status).toBe(422)
    expect((await givePhone(await lastCode())).json.phone).toBe('+33612345679')
  })

  test('gives nobody a number that somebody else got in between', async () => {
    await askPhone()
    const code = await lastCode()
    await t.account({ phone: PHONE })
    const before = await t.snapshot()
    const reply = await givePhone(code)
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['phone']])
    expect(await t.snapshot()).toBe(before)
  })

  test('is shown to administrators who look at the account, to nobody else', async () => {
    const admin = await t.account({ admin: true })
    await askPhone()
    await askEmail()
    const [phone, email] = (await t.messages()).map(({ data }) => data?.code)
    const seen = (await t.get(`/api/accounts/${alice.id}`, { as: admin })).json
    expect(seen.phone_change_code).toEqual({
      phone: PHONE,
      ip: '192.0.2.7',
      user_agent: null,
      code: phone,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    })
    expect([seen.email_change_code.email, seen.email_change_code.code]).toEqual([EMAIL, email])
    const listed = (await t.get('/api/accounts', { as: admin })).json.data.find(
      ({ id }: TestAccount) => id === alice.id,
    )
    const found = (await t.get(`/api/accounts/${alice.username}@${alice.domain}/search`, { as: admin })).json
    const own = await me()
    expect([listed.phone_change_code.phone, listed.phone_change_code.code]).toEqual([PHONE, undefined])
    expect([found.email_change_code.email, found.email_change_code.code]).toEqual([EMAIL, undefined])
    expect([own.email_change_code.email, own.email_change_code.code, own.phone_change_code]).toEqual([
      EMAIL,
      undefined,
      undefined,
    ])
    expect(own.email_changed).toEqual({ new_email: EMAIL, created_at: '2026-06-01 12:00:00' })
    const body = { username: alice.username, algorithm: 'SHA-256' }
    const changed = (await t.put(`/api/accounts/${alice.id}`, { as: admin, body })).json
    expect([changed.phone_change_code.code, changed.email_change_code.code]).toEqual([phone, email])
  })

  test('activates an account by the path of 2021, where every wrong one looks the same', async () => {
    const bob = await validated({ username: 'bobby01', activated: false })
    await askPhone(PHONE, bob)
    const path = `/api/accounts/${bob.username}@${bob.domain}/activate/phone`
    const code = await lastCode()
    expect((await t.post(path, { body: { code: wrong(code) } })).status).toBe(404)
    expect((await t.post('/api/accounts/nobody@sip.example.org/activate/phone', { body: { code } })).status).toBe(404)
    const reply = await t.post(path, { body: { code } })
    // A stranger who has guessed it learns no more than `info` tells.
    expect([reply.status, reply.json]).toEqual([200, { activated: true, realm: null }])
    expect((await me(bob)).phone).toBe(PHONE)
  })

  test('survives the guesses of strangers, who are stopped after five, also when all come at once', async () => {
    await askPhone(PHONE)
    const code = await lastCode()
    const path = `/api/accounts/${alice.username}@${alice.domain}/activate/phone`
    const guesses = Array.from({ length: 20 }, (_, i) => ({
      code: String(((Number(code) - 1000 + 1 + i) % 9000) + 1000),
    }))
    const replies = await Promise.all(guesses.map((body) => t.post(path, { body })))
    const statuses = replies.map(({ status }) => status)
    expect([
      statuses.filter((status) => status === 404).length,
      statuses.filter((status) => status === 429).length,
    ]).toEqual([5, 15])
    expect((await t.post(path, { body: { code } })).status).toBe(429)
    // Its owner has three guesses, as before.
    expect((await givePhone(wrong(code))).status).toBe(422)
    expect((await givePhone(wrong(code))).status).toBe(422)
    expect([(await givePhone(code)).status, (await me()).phone]).toEqual([200, PHONE])
  })
})

describe('whoever asks for code after code', () => {
  test('is blocked at the sixth in half an hour, and out', async () => {
    for (let i = 0; i < 5; i++) expect((await (i % 2 === 0 ? askPhone() : askEmail())).status).toBe(200)
    expect((await askPhone()).status).toBe(403)
    expect((await askEmail()).status).toBe(403)
    expect((await t.get('/api/accounts/me', { as: alice })).status).toBe(403)
    expect(t.logged('account.blocked')).toHaveLength(1)
    const admin = await t.account({ admin: true })
    expect((await t.get(`/api/accounts/${alice.id}`, { as: admin })).json.blocked).toBe(true)
  })

  test('is blocked as early as the setting says, also when all come at once; never when it is off', async () => {
    await t.close()
    await begin({ BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD: '1' })
    const replies = await Promise.all(Array.from({ length: 10 }, () => askPhone()))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 403)).toHaveLength(9)
    expect(await t.messages()).toHaveLength(1)
    await t.close()
    await begin({ BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD: '0', APP_API_KEY_EXPIRATION_MINUTES: '0' })
    for (let i = 0; i < 5; i++) expect((await askPhone()).status).toBe(200)
    const sixth = await askPhone()
    expect([sixth.status, sixth.headers.get('retry-after')]).toEqual([429, '3600'])
    t.later(3_600_001)
    expect((await askPhone()).status).toBe(200)
  })

  test('is only refused when it is an administrator', async () => {
    const admin = await validated({ username: 'admin01', admin: true })
    for (let i = 0; i < 5; i++) expect((await askEmail(EMAIL, admin)).status).toBe(200)
    const refused = await askEmail(EMAIL, admin)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1800'])
    expect((await t.get('/api/accounts/me', { as: admin })).json.blocked).toBe(false)
  })
})

describe('a new e-mail address', () => {
  test('is refused when it is missing, wrong, the same, or somebody’s where addresses are unique', async () => {
    const bob = await validated({ username: 'bobby01', email: 'bob@example.org' })
    const before = await t.snapshot()
    for (const email of [null, 'nonsense', 'bob@example.org']) {
      const reply = await askEmail(email, bob)
      expect([email, reply.status, Object.keys(reply.json.errors)]).toEqual([email, 422, ['email']])
    }
    expect(await t.snapshot()).toBe(before)
    expect((await askEmail('bob@example.org')).status).toBe(200)
    const unique = await t.space({ domain: 'sip.unique.org', host: 'unique.localhost', uniqueEmail: true })
    const host = unique.host
    await t.account({ space: unique, email: 'taken@example.org' })
    const carol = await validated({ username: 'carol01', space: unique })
    expect((await askEmail('taken@example.org', carol, { host })).status).toBe(422)
    await askEmail('free@example.org', carol, { host })
    const code = await lastCode()
    await t.account({ space: unique, email: 'free@example.org' })
    const reply = await t.post('/api/accounts/me/email', { as: carol, host, body: { code } })
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['email']])
  })

  test('is the account’s with the code that was sent there', async () => {
    await askEmail()
    expect(await last()).toMatchObject({ channel: 'mail', kind: 'email_code', recipient: EMAIL, language: 'en' })
    expect((await giveEmail(wrong(await lastCode()))).status).toBe(422)
    const reply = await giveEmail(await lastCode())
    expect([reply.status, reply.json.email, reply.json.email_change_code]).toEqual([200, EMAIL, null])
  })

  test('is the account’s with one click in the mail, which no preview makes; once', async () => {
    await askEmail()
    const link = new URL(String((await last())?.data?.code_link)).pathname
    const shown = await t.get(link)
    expect([shown.status, shown.headers.get('referrer-policy'), (await me()).email]).toEqual([200, 'no-referrer', null])
    expect((await t.send('HEAD', link)).status).toBe(200)
    const form = parsePage(shown)
    expect((await t.post('/email/confirm', { body: form.fields })).status).toBe(403)
    expect((await form.submit(t)).status).toBe(200)
    expect((await me()).email).toBe(EMAIL)
    expect((await form.submit(t)).status).toBe(404)
    expect((await t.get(link)).status).toBe(404)
    expect((await giveEmail(String((await last())?.data?.code))).status).toBe(404)
  })

  test('is not confirmed by a link that is unknown, of another Space, too old, or of a code guessed to death', async () => {
    await askEmail()
    const link = new URL(String((await last())?.data?.code_link)).pathname
    expect((await t.get('/email/confirm/nonsense')).status).toBe(404)
    expect((await t.get(link, { host: 'other.localhost' })).status).toBe(404)
    const code = await lastCode()
    for (let i = 0; i < 3; i++) await giveEmail(wrong(code))
    expect((await t.get(link)).status).toBe(410)
    await askEmail()
    const fresh = new URL(String((await last())?.data?.code_link)).pathname
    expect((await t.get(link)).status).toBe(404)
    t.later(10 * 60_000 + 1)
    expect((await t.get(fresh)).status).toBe(410)
  })

  const moved = async (as: TestAccount) => {
    await askEmail(EMAIL, as)
    expect((await giveEmail(await lastCode(), as)).status).toBe(200)
    const notice = await last()
    return { notice, path: new URL(String(notice?.data?.link)).pathname }
  }

  test('is told to the old one, with a link that brings it back and signs everybody out', async () => {
    const bob = await validated({ username: 'bobby01', email: 'old@example.org' })
    const { notice, path } = await moved(bob)
    expect(notice).toMatchObject({ channel: 'mail', kind: 'email_changed', recipient: 'old@example.org' })
    expect(JSON.stringify(notice?.data)).not.toContain(EMAIL)
    expect(notice?.data?.masked_email).toBe('n***@example.org')
    expect((await t.get(path, { host: 'other.localhost' })).status).toBe(404)
    const shown = await t.get(path)
    expect([shown.status, (await me(bob)).email]).toEqual([200, EMAIL])
    const form = parsePage(shown)
    await t.cookie(bob)
    await t.cookie(bob)
    const done = await form.submit(t)
    expect([done.status, done.text]).toEqual([200, expect.stringContaining('href="/recovery/email"')])
    expect((await t.get('/api/accounts/me', { as: bob })).status).toBe(401)
    const [revoked = ''] = t.logged('auth.session.revoked')
    for (const field of ['sessions=2', 'account=bobby01@sip.example.org']) expect(revoked).toContain(field)
    const admin = await t.account({ admin: true })
    expect((await t.get(`/api/accounts/${bob.id}`, { as: admin })).json.email).toBe('old@example.org')
    expect((await form.submit(t)).status).toBe(404)
  })

  test('cannot be brought back after three days, nor over a newer one', async () => {
    const bob = await validated({ username: 'bobby01', email: 'old@example.org' })
    const { path } = await moved(bob)
    const form = parsePage(await t.get(path))
    await askEmail('third@example.org', bob)
    expect(
      (await giveEmail(String((await t.messages()).findLast(({ kind }) => kind === 'email_code')?.data?.code), bob))
        .status,
    ).toBe(200)
    expect((await form.submit(t)).status).toBe(410)
    expect((await me(bob)).email).toBe('third@example.org')
    t.later(72 * 3_600_000 + 1)
    expect((await t.get(path)).status).toBe(410)
  })

  test('is written about in the language of the account, of its Space, or of whoever asks', async () => {
    const french = { headers: { 'accept-language': 'fr' } }
    await askEmail(EMAIL, alice, french)
    expect((await last())?.language).toBe('fr')
    const bob = await validated({ username: 'bobby01', locale: 'en' })
    await askEmail('bob@example.org', bob, french)
    expect((await last())?.language).toBe('en')
    const quebec = await t.space({ domain: 'sip.qc.example', host: 'qc.localhost', locale: 'fr' })
    const carol = await validated({ username: 'carol01', space: quebec })
    await askEmail('carol@example.org', carol, { host: quebec.host })
    expect((await last())?.language).toBe('fr')
  })
})
