import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Reply, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { parsePage, plain, wrongFor } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

let t: TestApp

const PHONE = '+33612345678'
const GATEWAY = { SMS_PROVIDER: 'http', SMS_HTTP_URL: 'https://sms.example.org/' }
const PASSWORD = 'battery-staple'

const setSpace = async (columns: Record<string, unknown>): Promise<void> => {
  await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set(columns).returning())
  t.parts.spaces.forget()
}

const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { ...WITH_MAIL, ...GATEWAY, ...env } })
  await setSpace({ uniqueEmail: true })
  await t.parts.phoneCountries.activate(null, 'FR')
}
beforeEach(() => start())
afterEach(() => t.close())

/** Everybody comes from an address of their own, so that limits are met only where they are meant. */
let addresses = 0
const newcomer = () => {
  addresses += 1
  return visitor(t, { address: `198.51.100.${(addresses % 250) + 1}` })
}

const byEmail = { username: 'newcomer', password: PASSWORD, password_confirmation: PASSWORD }
const mail = (address: string) => ({ email: address, email_confirmation: address })
const NEW = { ...byEmail, ...mail('newcomer@example.org') }
const NEW_BY_PHONE = { ...byEmail, phone: PHONE }

/** Fills in the form of one way, and sends it. */
const register = async (fields: Record<string, string>, browser = newcomer()) => {
  await browser.open('phone' in fields ? '/register/phone' : '/register/email')
  return { browser, reply: await browser.submit(fields) }
}

/** The same, and then the page of the code. */
const waitForCode = async (fields: Record<string, string>) => {
  const { browser, reply } = await register(fields)
  expect([reply.status, reply.headers.get('location')]).toEqual([302, '/register/code'])
  return { browser, page: await browser.open('/register/code') }
}

const aMinuteLater = () => {
  t.later(60_000)
}

const account = async (username = 'newcomer') => {
  const rows = await t.db.read.select().from(t.db.tables.accounts)
  return rows.find((row) => row.username === username) ?? null
}
const sentCode = async (): Promise<string> => String((await t.messages()).at(-1)?.data?.code)
const sessions = async () => (await t.db.read.select().from(t.db.tables.sessions)).map(({ kind }) => kind)
/** The notes below the fields, and what was refused about none of them. */
const refusals = ({ text }: Reply) =>
  [...text.matchAll(/<p class="(?:hint|error)" id="(\w+)-note">(.*?)<\/p>|role="alert">(.*?)<\/div>/g)].map(
    ([, field = '-', note, alert = '']) => `${field}: ${(note ?? alert).replaceAll(/<[^>]+>/g, '')}`,
  )

describe('nobody registers', () => {
  const closed = async (paths: readonly string[]) => {
    const before = await t.snapshot()
    const seen: string[] = []
    for (const path of paths) {
      const { status, headers } = await t.get(path)
      seen.push(`${path} ${status}${status === 302 ? ` ${headers.get('location')}` : ''}`)
    }
    expect(await t.snapshot()).toBe(before)
    return seen
  }
  const ALL = ['/register', '/register/email', '/register/phone', '/register/code', '/register/again'] as const

  test('where it is switched off, whichever way, also with a form that was open before', async () => {
    const { browser } = { browser: newcomer() }
    await browser.open('/register/email')
    await setSpace({ publicRegistration: false })
    expect(await closed(ALL)).toEqual(ALL.map((path) => `${path} 404`))
    expect((await browser.submit(NEW)).status).toBe(404)
    for (const path of ['/about', '/login']) expect((await t.get(path)).text).not.toContain('/register')
    expect(await account()).toBeNull()
  })

  test('where the panel is off, or the Space stores no passwords', async () => {
    await setSpace({ webPanel: false })
    expect(await closed(ALL)).toEqual(ALL.map((path) => `${path} 302 /about`))
    await setSpace({ webPanel: true })
    await t.db.transaction((tx) => tx.delete(t.db.tables.spaceDigestAuthenticationConfigurations).returning())
    t.parts.spaces.forget()
    expect(await closed(ALL)).toEqual(ALL.map((path) => `${path} 404`))
  })

  test('in a full Space: the pages and the form say so', async () => {
    const browser = newcomer()
    await browser.open('/register/email')
    await t.account()
    await setSpace({ maxAccounts: 1 })
    const full = ['/register', '/register/email', '/register/phone']
    expect(await closed(full)).toEqual(full.map((path) => `${path} 403`))
    expect((await browser.submit(NEW)).status).toBe(403)
    expect(await account()).toBeNull()
  })

  test('by phone where that is switched off, or where no SMS can leave', async () => {
    const browser = newcomer()
    await browser.open('/register/phone')
    await setSpace({ phoneRegistration: false })
    expect(await closed(['/register/phone'])).toEqual(['/register/phone 404'])
    expect((await browser.submit(NEW_BY_PHONE)).status).toBe(404)
    expect((await t.get('/register/email')).text).not.toContain('/register/phone')
    await t.close()
    await start({ SMS_PROVIDER: 'none' })
    expect(await closed(['/register/phone'])).toEqual(['/register/phone 404'])
    expect((await t.get('/register/email')).text).not.toContain('/register/phone')
  })

  test('by e-mail where no mail can leave', async () => {
    await t.close()
    await start({ MAIL_HOST: '' })
    const page = await t.get('/register/email')
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('No mail can be sent')])
  })

  test('from another site, or without the form’s token', async () => {
    const browser = newcomer()
    await browser.open('/register/email')
    const elsewhere = { stay: true, headers: { 'sec-fetch-site': 'cross-site' } }
    expect((await browser.submit(NEW, elsewhere)).status).toBe(403)
    expect((await browser.submit({ ...NEW, form_token: '' }, { stay: true })).status).toBe(403)
    expect(await account()).toBeNull()
  })

  test('without the captcha, or as a program that fills in what nobody sees', async () => {
    const trapped = await register({ ...NEW, website: 'https://spam.example.org' })
    expect([trapped.reply.status, refusals(trapped.reply)[0]]).toEqual([422, '-: The check was not passed. Try again.'])
    await t.close()
    await start({ CAPTCHA_PROVIDER: 'pow' })
    const browser = newcomer()
    const page = await browser.open('/register/email')
    const refused = await browser.submit(NEW, { stay: true })
    expect([refused.status, refusals(refused)[0]]).toEqual([422, '-: The check was not passed. Try again.'])
    expect(await account()).toBeNull()

    const text = /data-challenge="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
    const challenge = JSON.parse(text ?? '')
    let number = 0
    while (Bun.SHA256.hash(challenge.salt + number, 'hex') !== challenge.challenge) number += 1
    const altcha = btoa(JSON.stringify({ ...challenge, number }))
    expect((await browser.submit({ ...NEW, altcha })).status).toBe(302)
  })

  test('without accepting the terms, which are linked, where there are any', async () => {
    expect((await t.get('/register/email')).text).not.toContain('name="terms"')
    await t.close()
    await start({ TERMS_OF_USE_URL: 'https://example.org/terms', PRIVACY_POLICY_URL: 'https://example.org/privacy' })
    const browser = newcomer()
    const page = await browser.open('/register/email')
    expect(page.text).toContain('href="https://example.org/terms"')
    expect(page.text).toContain('href="https://example.org/privacy"')
    const refused = await browser.submit({ ...NEW, terms: '' }, { stay: true })
    expect([refused.status, refusals(refused)]).toEqual([422, expect.arrayContaining(['-: Accept this to go on.'])])
    expect((await browser.submit({ ...NEW, terms: '1' })).status).toBe(302)
  })

  test('as an administrator, or activated', async () => {
    for (const fact of ['admin', 'activated']) {
      expect((await register({ ...NEW, [fact]: '1' })).reply.status).toBe(422)
    }
    expect(await account()).toBeNull()
  })

  const wrong: [string, Record<string, string>, string][] = [
    ['no name', { username: '' }, 'username: Fill in this field.'],
    ['a short name', { username: 'bob' }, 'username: Enter at least 6 characters.'],
    ['upper case', { username: 'NewComer' }, 'username: Use lower-case letters only.'],
    ['a phone number as name', { username: '+33612345678' }, 'username: A phone number cannot be a user name.'],
    ['characters that no SIP address has', { username: 'new comer' }, 'username: A SIP address cannot contain some'],
    ['a name that is reserved', { username: 'operator1' }, 'username: This is in use already.'],
    ['a name that somebody has', { username: 'somebody' }, 'username: This is in use already.'],
    ['a name that somebody had not long ago', { username: 'departed' }, 'username: This is in use already.'],
    ['no password', { password: '' }, 'password: Fill in this field.'],
    [
      'a short password',
      { password: 'a1b2c', password_confirmation: 'a1b2c' },
      'password: Enter at least 6 characters.',
    ],
    ['two passwords', { password_confirmation: 'other-words' }, 'password_confirmation: The two passwords are not'],
    ['the name as password', { password: 'Newcomer' }, 'password: This is too easy to guess.'],
    ['the address as password', { password: 'newcomer@example.org' }, 'password: This is too easy to guess.'],
    ['a password of everybody', { password: 'Qwerty123' }, 'password: This is too easy to guess.'],
    ['a password without end', { password: 'x'.repeat(129) }, 'password: Enter 128 characters at most.'],
    ['no address', mail('nobody'), 'email: Enter an e-mail address, such as'],
    ['two addresses', { email_confirmation: 'other@example.org' }, 'email_confirmation: The two e-mail addresses are'],
  ]
  test.each(wrong)('with %s; what was typed stands in the form again, no password does', async (_, fields, note) => {
    await t.close()
    await start({ ACCOUNT_BLACKLISTED_USERNAMES: 'operator.*' })
    await t.account({ username: 'somebody' })
    const departed = await t.account({ username: 'departed' })
    const admin = await t.account({ admin: true })
    await t.delete(`/api/accounts/${departed.id}`, { as: admin })
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    const { reply } = await register({ ...NEW, ...fields })
    expect(reply.status).toBe(422)
    expect(refusals(reply).some((line) => line.startsWith(note))).toBe(true)
    const typed = fields.email ?? 'newcomer@example.org'
    expect(parsePage(reply).fields.email).toBe(typed)
    expect(reply.text).not.toContain(`value="${PASSWORD}"`)
    expect(await t.snapshot()).toBe(before)
  })

  test('with a number that is none, or of a country that is closed', async () => {
    const { reply } = await register({ ...NEW_BY_PHONE, phone: '12' })
    expect([reply.status, refusals(reply)[1]]).toEqual([
      422,
      expect.stringContaining('phone: Enter the number in international form'),
    ])
    expect((await register({ ...NEW_BY_PHONE, phone: '+4930123456' })).reply.status).toBe(422)
    expect(await account()).toBeNull()
  })

  test('too often from one address, or to one mailbox', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '100' })
    const browser = newcomer()
    const statuses: number[] = []
    for (let count = 0; count < 11; count += 1) {
      const own = { ...NEW, username: `newcomer${count}`, ...mail(`newcomer${count}@example.org`) }
      statuses.push((await register(own, browser)).reply.status)
    }
    expect(statuses).toEqual([...Array(10).fill(302), 429])
    const filled: number[] = []
    for (let count = 0; count < 6; count += 1) {
      filled.push((await register({ ...NEW, username: `stranger${count}`, ...mail('Full@example.org') })).reply.status)
    }
    expect(filled).toEqual([302, 302, 302, 302, 302, 429])
    expect(await account('stranger5')).toBeNull()
    expect(t.lines.join('\n')).not.toContain('ull@example.org')
  })

  test('by SMS beyond their limits', async () => {
    await t.close()
    await start({ SMS_LIMIT_NUMBER_HOUR: '1' })
    expect((await register(NEW_BY_PHONE)).reply.status).toBe(302)
    const second = await register({ ...NEW_BY_PHONE, username: 'latecomer' })
    expect([second.reply.status, second.reply.headers.get('retry-after')]).toEqual([429, expect.any(String)])
    expect(await account('latecomer')).toBeNull()
  })

  test('into the account of another Space', async () => {
    const { browser } = await waitForCode(NEW)
    const elsewhere = visitor(t, { host: 'other.localhost' })
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
    expect((await elsewhere.open('/register/code')).status).toBe(302)
  })
})

describe('a registration', () => {
  test('by e-mail: the account is not activated, its code is on the way, and nobody is signed in', async () => {
    const { browser, page } = await waitForCode({ ...NEW, ...mail('Newcomer@example.org') })
    expect(page.text).toContain('Newcomer@example.org')
    const made = await account()
    expect([made?.activated, made?.admin, made?.email, made?.locale]).toEqual([false, false, null, 'en'])
    const [message] = await t.messages()
    expect([message?.kind, message?.recipient]).toEqual(['email_code', 'Newcomer@example.org'])
    expect(message?.data?.is_registration).toBe(true)
    expect(await sessions()).toEqual(['registration'])
    for (const path of ['/dashboard', '/devices', '/sessions', '/api_key', '/password']) {
      expect([path, (await browser.open(path)).status]).toEqual([path, 302])
    }
  })

  test('is confirmed by the code: the browser is signed in, with a new cookie, and sent to the dashboard', async () => {
    const { browser } = await waitForCode(NEW)
    const cookie = browser.cookies.get('sipkeeper_session')
    const code = await sentCode()
    const wrong = await browser.submit({ code: wrongFor(code) }, { stay: true })
    expect([wrong.status, refusals(wrong)]).toEqual([422, ['code: This is not the code. You have 2 more tries.']])
    expect((await browser.submit({ code: '12ab' }, { stay: true })).status).toBe(422)
    const right = await browser.submit({ code })
    expect([right.status, right.headers.get('location')]).toEqual([302, '/dashboard'])
    expect(browser.cookies.get('sipkeeper_session')).not.toBe(cookie)
    const made = await account()
    expect([made?.activated, made?.email]).toEqual([true, 'newcomer@example.org'])
    expect(await sessions()).toEqual(['panel'])
    expect((await browser.open('/about')).text).toContain('href="/dashboard"')
    const who = { id: made?.id ?? 0, username: 'newcomer', domain: 'sip.example.org', password: PASSWORD, key: '' }
    expect((await t.digest(who, 'GET', '/api/accounts/me')).status).toBe(200)
    expect(t.lines.join('\n')).not.toContain(code)
    expect(t.lines.join('\n')).not.toContain(PASSWORD)
  })

  test('by phone is confirmed by the code of an SMS', async () => {
    const { browser, page } = await waitForCode({ ...NEW_BY_PHONE, phone: '06 12 34 56 78'.replace('0', '+33 ') })
    expect(page.text).toContain(PHONE)
    const [message] = await t.messages()
    expect([message?.channel, message?.kind, message?.recipient]).toEqual(['sms', 'phone_code', PHONE])
    expect((await browser.submit({ code: await sentCode() })).headers.get('location')).toBe('/dashboard')
    const made = await account()
    expect([made?.activated, made?.phone]).toEqual([true, PHONE])
  })

  test('is confirmed by the link of the mail as well: the page of the code leads to the sign-in then', async () => {
    const { browser } = await waitForCode(NEW)
    const link = String((await t.messages())[0]?.data?.code_link)
    const reader = newcomer()
    await reader.open(new URL(link).pathname)
    expect((await reader.submit()).status).toBe(200)
    expect((await account())?.activated).toBe(true)
    expect((await browser.submit({ code: '1234' })).headers.get('location')).toBe('/')
    expect((await browser.open('/register/code')).headers.get('location')).toBe('/')
    expect(await sessions()).toEqual(['registration'])
  })

  test('speaks the language of whoever made it, in its mails too', async () => {
    const browser = newcomer()
    await browser.open('/register/email?lang=fr')
    const page = await browser.open('/register/email')
    expect(page.text).toContain('<h1>Créer un compte</h1>')
    await browser.submit(NEW)
    expect([(await account())?.locale, (await t.messages())[0]?.language]).toEqual(['fr', 'fr'])
  })

  test('that is sent twice at once makes one account and sends one code', async () => {
    const [first, second] = [newcomer(), newcomer()]
    await Promise.all([first.open('/register/email'), second.open('/register/email')])
    const replies = await Promise.all([first.submit(NEW), second.submit({ ...NEW, ...mail('second@example.org') })])
    expect(replies.map(({ status }) => status).sort()).toEqual([302, 422])
    expect((await t.db.read.select().from(t.db.tables.accounts)).length).toBe(1)
    expect(await t.messages()).toHaveLength(1)
  })

  test('whose code is sent twice at once signs in once', async () => {
    const { browser } = await waitForCode(NEW)
    const code = await sentCode()
    const replies = await Promise.all([
      browser.submit({ code }, { stay: true }),
      browser.submit({ code }, { stay: true }),
    ])
    expect(replies.filter(({ headers }) => headers.get('location') === '/dashboard')).toHaveLength(1)
    expect(await sessions()).toEqual(['panel'])
  })

  test('is over with its third wrong code, until another one is sent, which alone counts', async () => {
    const { browser } = await waitForCode(NEW)
    const first = await sentCode()
    for (let count = 0; count < 3; count += 1) await browser.submit({ code: wrongFor(first) }, { stay: true })
    const over = await browser.submit({ code: first }, { stay: true })
    expect([over.status, refusals(over)]).toEqual([
      422,
      ['code: That code no longer works. Send yourself another one.'],
    ])
    aMinuteLater()
    await browser.open('/register/again')
    expect((await browser.submit()).headers.get('location')).toBe('/register/code')
    const second = await sentCode()
    await browser.open('/register/code')
    if (first !== second) expect((await browser.submit({ code: first }, { stay: true })).status).toBe(422)
    expect((await browser.submit({ code: second })).headers.get('location')).toBe('/dashboard')
  })

  test('can be sent to another address, when the first one was mistyped', async () => {
    const { browser } = await waitForCode({ ...NEW, ...mail('newcmer@example.org') })
    const first = await sentCode()
    await browser.open('/register/again')
    const refused = await browser.submit({ email: 'newcomer@example.org' }, { stay: true })
    expect([refused.status, refusals(refused)[0]]).toEqual([
      422,
      'email_confirmation: The two e-mail addresses are not the same.',
    ])
    await browser.submit(mail('newcomer@example.org'))
    const page = await browser.open('/register/code')
    expect(page.text).toContain('newcomer@example.org')
    const second = await sentCode()
    if (first !== second) expect((await browser.submit({ code: first }, { stay: true })).status).toBe(422)
    await browser.submit({ code: second })
    expect((await account())?.email).toBe('newcomer@example.org')
  })

  test('asks for five codes in an hour and no more', async () => {
    const { browser } = await waitForCode(NEW)
    const statuses: number[] = []
    for (let count = 0; count < 5; count += 1) {
      aMinuteLater()
      await browser.open('/register/again')
      statuses.push((await browser.submit()).status)
    }
    expect(statuses).toEqual([302, 302, 302, 302, 429])
  })

  test('asks for a second code to the same place after a minute, and the page says how long that is', async () => {
    const { browser, page } = await waitForCode(NEW)
    expect(page.text).toContain('data-seconds-left="60"')
    await browser.open('/register/again')
    t.later(20_000)
    const refused = await browser.submit({}, { stay: true })
    const note = 'email: A code was sent there a moment ago: ask again in 40 seconds.'
    expect([refused.status, refusals(refused)]).toEqual([422, [note]])
    expect(await t.messages()).toHaveLength(1)
    t.later(40_000)
    const twice = await Promise.all([browser.submit({}, { stay: true }), browser.submit({}, { stay: true })])
    expect(twice.map(({ status }) => status).sort()).toEqual([302, 422])
  })

  test('that was finished may change its number and address over the API; one that was not may not', async () => {
    const mayChange = async () => {
      const made = await account()
      const who = { id: made?.id ?? 0, username: 'newcomer', domain: 'sip.example.org', password: PASSWORD, key: '' }
      const body = { email: 'later@example.org' }
      return (await t.digest(who, 'POST', '/api/accounts/me/email/request', { body })).status
    }
    for (const way of ['code', 'link'] as const) {
      const { browser } = await waitForCode(NEW)
      expect([way, await mayChange()]).toEqual([way, 403])
      const [message] = await t.messages()
      if (way === 'code') await browser.submit({ code: String(message?.data?.code) })
      else {
        await browser.open(new URL(String(message?.data?.code_link)).pathname)
        await browser.submit()
      }
      expect([way, await mayChange()]).toEqual([way, 200])
      const spent = await t.db.read.select().from(t.db.tables.accountCreationTokens)
      expect(spent).toMatchObject([{ used: true, accountId: (await account())?.id, spaceId: t.main.id }])
      expect(spent[0]?.ip).toMatch(/^198\.51\.100\./)
      await t.close()
      await start()
    }
  })

  test('waits for an hour at most', async () => {
    const { browser } = await waitForCode(NEW)
    t.later(61 * 60_000)
    expect((await browser.open('/register/code')).status).toBe(302)
  })
})

describe('the newsletter of the Space', () => {
  const LIST = 'news@example.org'
  const readers = async () => (await t.messages()).filter(({ kind }) => kind === 'newsletter')
  const finish = async (fields: Record<string, string>) => {
    const { browser } = await waitForCode(fields)
    const before = await readers()
    await browser.submit({ code: await sentCode() })
    return { before, after: await readers() }
  }

  test('is offered where the Space has one, by e-mail, and never ticked beforehand', async () => {
    expect((await t.get('/register/email')).text).not.toContain('newsletter')
    await setSpace({ newsletterRegistrationAddress: LIST })
    const box = /<input[^>]*name="newsletter"[^>]*>/.exec((await t.get('/register/email')).text)?.[0]
    expect(box).toContain('type="checkbox"')
    expect(box).not.toContain('checked')
    expect((await t.get('/register/phone')).text).not.toContain('newsletter')
  })

  test('hears of nobody who did not tick, whose address is not confirmed, or who has somebody else’s', async () => {
    await setSpace({ newsletterRegistrationAddress: LIST })
    await t.account({ username: 'somebody', email: 'known@example.org' })
    expect((await finish({ ...NEW, newsletter: '' })).after).toEqual([])
    expect((await finish({ ...NEW_BY_PHONE, username: 'by-phone', newsletter: '1' })).after).toEqual([])
    await waitForCode({ ...NEW, ...mail('known@example.org'), username: 'prober', newsletter: '1' })
    expect(await readers()).toEqual([])
  })

  test('hears nothing once the Space has none any more', async () => {
    await setSpace({ newsletterRegistrationAddress: LIST })
    const { browser } = await waitForCode({ ...NEW, newsletter: '1' })
    await setSpace({ newsletterRegistrationAddress: null })
    await browser.submit({ code: await sentCode() })
    expect([(await account())?.activated, await readers()]).toEqual([true, []])
  })

  test('hears of a confirmed address, once, with what was ticked and when', async () => {
    await setSpace({ newsletterRegistrationAddress: LIST, locale: 'fr' })
    const { before, after } = await finish({ ...NEW, newsletter: '1' })
    expect(before).toEqual([])
    const wording =
      'Je souhaite recevoir par e-mail les actualités du service Example. Je peux me désinscrire à tout moment.'
    const data = { email: 'newcomer@example.org', wording, time: t.clock.now.toISOString() }
    expect(after).toMatchObject([{ channel: 'mail', recipient: LIST, accountId: null, language: 'fr', data }])
    const rows = await t.db.read.select().from(t.db.tables.emailChangeCodes)
    expect(rows).toMatchObject([{ newsletterWording: wording, ip: expect.stringMatching(/^198/) }])
  })

  test('hears of the address that the code went to in the end, also by the link', async () => {
    await setSpace({ newsletterRegistrationAddress: LIST })
    const { browser } = await waitForCode({ ...NEW, ...mail('newcmer@example.org'), newsletter: '1' })
    await browser.open('/register/again')
    await browser.submit(mail('newcomer@example.org'))
    await browser.open(new URL(String((await t.messages()).at(-1)?.data?.code_link)).pathname)
    await browser.submit()
    expect((await readers()).map(({ data }) => data?.email)).toEqual(['newcomer@example.org'])
  })
})

describe('that somebody has an address or a number', () => {
  /** What somebody sees who registers, guesses to the end, asks again, and looks what the API knows of the account. */
  const seen = async (fields: Record<string, string>, typed: string) => {
    const { browser, reply } = await register({ ...fields, username: `prober${addresses + 1}` })
    const replies = [reply, await browser.open('/register/code')]
    for (const code of ['12345', '0000', '0001', '0002', '0003'])
      replies.push(await browser.submit({ code }, { stay: true }))
    replies.push(await browser.open('/register/again'), await browser.submit({}, { stay: true }))
    aMinuteLater()
    replies.push(await browser.submit(), await browser.open('/register/code'))
    // The name is gone either way.
    replies.push((await register({ ...fields, username: `prober${addresses}` })).reply)
    return replies.map((each) => plain(each, typed))
  }

  test('does not show by its e-mail address; whoever has it gets a mail, once a day', async () => {
    const owner = await t.account({ username: 'somebody', email: 'known@example.org', locale: 'fr' })
    const unknown = await seen({ ...NEW, ...mail('fresh@example.org') }, 'fresh@example.org')
    expect(unknown.map(({ status }) => status)).toEqual([302, 200, 422, 422, 422, 422, 422, 200, 422, 302, 200, 422])
    const before = await t.messages()
    const known = await seen({ ...NEW, ...mail('known@example.org') }, 'known@example.org')
    const hide = (pages: typeof known) => JSON.stringify(pages).replaceAll(/prober\d+/g, 'prober')
    expect(hide(known)).toBe(hide(unknown))
    const told = (await t.messages()).slice(before.length)
    expect(told.map(({ kind, recipient, language, accountId }) => [kind, recipient, language, accountId])).toEqual([
      ['registration_attempted', 'known@example.org', 'fr', owner.id],
    ])
    expect(told[0]?.data).toMatchObject({
      'account.identifier': 'somebody@sip.example.org',
      link: 'http://localhost/recovery/email',
    })
    expect((await account('somebody'))?.email).toBe('known@example.org')
  })

  test('does not show by its number, to which no SMS goes', async () => {
    await t.account({ username: 'somebody', phone: PHONE })
    const fresh = '+33612345679'
    const unknown = await seen({ ...NEW_BY_PHONE, phone: fresh }, fresh)
    const before = await t.messages()
    const known = await seen({ ...NEW_BY_PHONE, phone: PHONE }, PHONE)
    const hide = (pages: typeof known) => JSON.stringify(pages).replaceAll(/prober\d+/g, 'prober')
    expect(hide(known)).toBe(hide(unknown))
    expect(await t.messages()).toHaveLength(before.length)
  })

  test('is no matter where addresses may be shared', async () => {
    await setSpace({ uniqueEmail: false })
    await t.account({ email: 'shared@example.org' })
    const { browser } = await waitForCode({ ...NEW, ...mail('shared@example.org') })
    expect((await browser.submit({ code: await sentCode() })).headers.get('location')).toBe('/dashboard')
    expect((await account())?.email).toBe('shared@example.org')
  })

  test('meanwhile keeps the code from working: the address stays with whoever confirmed it first', async () => {
    const [first, second] = [await waitForCode(NEW), await waitForCode({ ...NEW, username: 'latecomer' })]
    const codes = (await t.messages()).map(({ data }) => String(data?.code))
    expect((await first.browser.submit({ code: codes[0] ?? '' })).status).toBe(302)
    const late = await second.browser.submit({ code: codes[1] ?? '' })
    expect([late.status, refusals(late)[0]]).toEqual([422, '-: The e-mail is already used.'])
    expect(late.text).toContain('href="/register/again"')
    expect((await account('latecomer'))?.activated).toBe(false)
    expect(await sessions()).toEqual(['registration', 'panel'])
  })
})

test('links to the two ways and to the sign-in stand on the pages, and the introduction of the Space above them', async () => {
  await setSpace({ introRegistrationText: '**Welcome** to <script>alert(1)</script> [us](https://example.org/)' })
  const { text } = await t.get('/register/email')
  expect(text).toContain('<strong>Welcome</strong> to &lt;script>alert(1)&lt;/script>')
  expect(text).toContain('<a href="https://example.org/" rel="noopener noreferrer">us</a>')
  expect(text).toContain('href="/register/phone"')
  expect(text).toContain('href="/login"')
  const signIn = (await t.get('/login')).text
  expect(signIn).toContain('<strong>Welcome</strong>')
  expect(signIn).toContain('href="/register"')
})
