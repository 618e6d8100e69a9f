import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { startRedis, startServer } from '../registrar/servers.ts'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { wrongFor } from '../support/page.ts'
import { MINUTE_MS } from '../support/time.ts'
import { visitor } from '../support/visitor.ts'

// What people do with their own account in the panel (behaviour/panel.md §4).

let t: TestApp
let account: TestAccount
let admin: TestAccount

const start = async (env: Record<string, string> = {}) => {
  const mail = { ...WITH_MAIL, SMS_PROVIDER: 'log' }
  t = await testApp({ env: { ...mail, ...env } })
  await t.parts.phoneCountries.activate(null, 'FR')
  account = await t.account({ username: 'somebody', email: 'somebody@example.org' })
  admin = await t.account({ admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

const signedIn = async (who = account) => {
  const browser = visitor(t)
  const [name = '', value = ''] = (await t.cookie(who)).split('=')
  browser.cookies.set(name, value)
  return browser
}

const still = { stay: true }
const codeOf = async (): Promise<string> => String((await t.messages()).at(-1)?.data?.code)
const signsIn = async (password: string): Promise<boolean> => {
  const reply = await t.digest({ ...account, password }, 'GET', '/api/accounts/me')
  return reply.status === 200
}

describe('without the right form', () => {
  const POSTS = [
    '/logout',
    '/dashboard/provision',
    '/language',
    '/password',
    '/delete',
    '/devices/delete',
    '/password/keep',
    '/sessions/revoke',
    '/sessions/revoke_others',
    '/api_key',
    '/api_key/revoke',
    '/devices',
    '/email/change',
    '/email',
    '/phone/change',
    '/phone',
    '/auth_tokens',
    '/auth_tokens/auth/external',
  ]

  test('nothing happens: no token, another session’s token, or a page elsewhere', async () => {
    const [browser, stranger] = [await signedIn(), await signedIn(await t.account())]
    const foreign = /name="form_token" value="(\w+)"/.exec((await stranger.open('/sessions')).text)?.[1] ?? ''
    const own = /name="form_token" value="(\w+)"/.exec((await browser.open('/sessions')).text)?.[1] ?? ''
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const before = await t.snapshot()
    for (const path of POSTS) {
      const given = [
        [{}, {}],
        [{ form_token: foreign }, {}],
        [{ form_token: 'é'.repeat(32) }, {}],
        [{ form_token: own }, { 'sec-fetch-site': 'cross-site' }],
        [{ form_token: own }, { origin: 'https://evil.example' }],
      ] as const
      for (const [body, headers] of given) {
        const reply = await t.post(path, { body, headers: { cookie, ...headers } })
        expect([path, reply.status]).toEqual([path, 403])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('and without a session neither: a person signs in first, a program hears 401', async () => {
    const before = await t.snapshot()
    for (const path of POSTS) {
      const page = await t.post(path, {})
      expect([path, page.status, page.headers.get('location')]).toEqual([path, 302, '/login'])
      const json = await t.post(path, { headers: { accept: 'application/json' } })
      expect([path, json.status, json.json?.message]).toEqual([path, 401, 'Authentication is required.'])
    }
    expect(await t.snapshot()).toBe(before)
  })
})

describe('the dashboard', () => {
  test('shows the address, the link that sets up a phone, and nothing of anybody else', async () => {
    const browser = await signedIn()
    const page = await browser.open('/dashboard')
    const { provisioning_token: token } = (await t.get('/api/accounts/me', { as: account })).json
    expect(page.text).toContain('somebody@sip.example.org')
    expect(page.text).toContain(`value="http://localhost/provisioning/${token}"`)
    expect(page.text).toContain(`src="/provisioning/qrcode/${token}"`)
    expect(page.text).not.toContain(admin.username)
    expect(page.headers.get('cache-control')).toBe('no-store, private')
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  })

  test('renews the link at a click; the one before it is worth nothing', async () => {
    const browser = await signedIn()
    const linkOn = (text: string) => /value="(http:\/\/localhost\/provisioning\/\w+)"/.exec(text)?.[1] ?? ''
    const first = linkOn((await browser.open('/dashboard')).text)
    const reply = await browser.submit({}, { form: '/dashboard/provision' })
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/dashboard'])
    const page = await browser.open('/dashboard')
    expect(page.text).toContain('Here is a new link')
    expect(linkOn(page.text)).not.toBe(first)
    expect((await t.get(new URL(first).pathname, { headers: { 'x-linphone-provisioning': '1' } })).status).toBe(404)
    expect((await browser.open('/dashboard')).text).not.toContain('Here is a new link')
  })

  test('has no link to show when the last one was used or is too old', async () => {
    await t.close()
    await start({ APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '10' })
    const browser = await signedIn()
    expect((await browser.open('/dashboard')).text).toContain('/provisioning/qrcode/')
    t.later(11 * MINUTE_MS)
    const page = await browser.open('/dashboard')
    expect(page.text).not.toContain('/provisioning/qrcode/')
    expect(page.text).toContain('Make a link')
  })

  test('reminds whoever has not confirmed the account, on every page', async () => {
    const browser = await signedIn(await t.account({ activated: false }))
    for (const path of ['/dashboard', '/sessions']) {
      expect((await browser.open(path)).text).toContain('not confirmed yet')
    }
    expect((await (await signedIn()).open('/dashboard')).text).not.toContain('not confirmed yet')
  })

  test('has no way to what is switched off, and its page is not there', async () => {
    const browser = await signedIn()
    expect((await browser.open('/dashboard')).text).toContain('href="/phone/change"')
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ phoneRegistration: false }).returning())
    t.parts.spaces.forget()
    expect((await browser.open('/dashboard')).text).not.toContain('/phone/change')
    for (const path of ['/phone/change', '/phone/validate']) expect((await browser.open(path)).status).toBe(404)
    await t.db.transaction((tx) => tx.delete(t.db.tables.spaceDigestAuthenticationConfigurations).returning())
    t.parts.spaces.forget()
    expect((await browser.open('/dashboard')).text).not.toContain('href="/password"')
    expect((await browser.open('/password')).status).toBe(403)
  })
})

describe('the password', () => {
  const CHOSEN = { password: 'battery-staple', password_confirmation: 'battery-staple' }

  test('stays when the current one is missing or wrong, or the new one will not do', async () => {
    const browser = await signedIn()
    await browser.open('/password')
    const tries: Record<string, string>[] = [
      CHOSEN,
      { ...CHOSEN, current_password: 'wrong-horse' },
      { ...CHOSEN, current_password: 'correct-horse', password_confirmation: 'other' },
      { current_password: 'correct-horse', password: 'short', password_confirmation: 'short' },
    ]
    for (const fields of tries) expect((await browser.submit(fields, still)).status).toBe(422)
    expect(await signsIn('correct-horse')).toBe(true)
    expect(await t.messages()).toEqual([])
    expect(t.logged('auth.login.fail')).toHaveLength(1)
  })

  test('changes once of two at once; everybody else is signed out, this browser goes on', async () => {
    const [browser, other] = [await signedIn(), await signedIn()]
    await browser.open('/password')
    const before = browser.cookies.get('sipkeeper_session')
    const change = (password: string) =>
      browser.submit({ current_password: 'correct-horse', password, password_confirmation: password }, still)
    const replies = await Promise.all([change('battery-staple'), change('staple-battery')])
    expect(replies.map(({ status }) => status).sort()).toEqual([302, 409])
    expect([await signsIn('battery-staple'), await signsIn('staple-battery')].sort()).toEqual([false, true])
    expect(browser.cookies.get('sipkeeper_session')).not.toBe(before)
    expect((await browser.open('/dashboard')).status).toBe(200)
    expect((await other.open('/dashboard')).headers.get('location')).toContain('/login')
    expect((await t.get('/api/accounts/me', { as: account })).status).toBe(401)
    expect((await t.messages()).map(({ kind }) => kind)).toEqual(['password_changed'])
    expect(t.logged('account.password')).toEqual([expect.stringContaining('via=panel')])
    expect(t.logged('auth.session.revoked')).toEqual([expect.stringContaining('sessions=1')])
    expect(t.lines.join('\n')).not.toContain('battery')
  })

  test('is set without an old one where there is none', async () => {
    await t.db.transaction((tx) => tx.delete(t.db.tables.passwords).returning())
    const browser = await signedIn()
    expect((await browser.open('/password')).text).not.toContain('current_password')
    expect((await browser.submit(CHOSEN)).headers.get('location')).toBe('/dashboard')
    expect(await signsIn('battery-staple')).toBe(true)
  })
})

describe('the e-mail address', () => {
  test('stays until the code is right; three wrong ones end it', async () => {
    const browser = await signedIn()
    expect((await browser.open('/email/validate')).status).toBe(404)
    await browser.open('/email/change')
    for (const email of ['no-address', 'somebody@example.org']) {
      expect((await browser.submit({ email }, still)).status).toBe(422)
    }
    expect((await browser.submit({ email: 'new@example.org' })).headers.get('location')).toBe('/email/validate')
    const right = await codeOf()
    const page = await browser.open('/email/validate')
    expect(page.text).toContain('new@example.org')
    expect((await browser.submit({ code: '12345' }, still)).status).toBe(422)
    const guesses = [await browser.submit({ code: wrongFor(right) }, still)]
    expect(guesses[0]?.text).toContain('2 more tries')
    for (let guess = 0; guess < 3; guess += 1) guesses.push(await browser.submit({ code: wrongFor(right) }, still))
    expect(guesses.map(({ status }) => status)).toEqual([422, 422, 410, 410])
    expect((await browser.submit({ code: right }, still)).status).toBe(410)
    expect((await t.get('/api/accounts/me', { as: account })).json.email).toBe('somebody@example.org')
  })

  test('changes with the code, also in a field for each digit, and the old address is told', async () => {
    const browser = await signedIn()
    await browser.open('/email/change')
    await browser.submit({ email: 'new@example.org' })
    const code = await codeOf()
    await browser.open('/email/validate')
    const digits = Object.fromEntries([...code].map((digit, index) => [`number_${index + 1}`, digit]))
    const reply = await browser.submit({ ...digits, code: '' })
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/dashboard'])
    expect((await browser.open('/dashboard')).text).toContain('Your e-mail address is changed')
    const sent = (await t.messages()).map(({ kind, recipient }) => [kind, recipient])
    expect(sent).toEqual([
      ['email_code', 'new@example.org'],
      ['email_changed', 'somebody@example.org'],
    ])
    expect(t.lines.join('\n')).not.toContain(`"${code}"`)
  })

  test('asks for the password again a quarter of an hour after signing in', async () => {
    const browser = await signedIn()
    expect((await browser.open('/email/change')).text).not.toContain('current_password')
    t.later(15 * MINUTE_MS)
    expect((await browser.open('/email/change')).text).toContain('current_password')
    const email = 'new@example.org'
    for (const current_password of ['', 'wrong-horse']) {
      expect((await browser.submit({ email, current_password }, still)).status).toBe(422)
    }
    expect(await t.messages()).toEqual([])
    const reply = await browser.submit({ email, current_password: 'correct-horse' })
    expect(reply.headers.get('location')).toBe('/email/validate')
  })
})

describe('the phone number', () => {
  test('changes with the code of an SMS; one of a closed country is refused', async () => {
    const browser = await signedIn()
    await browser.open('/phone/change')
    for (const phone of ['12', '+49 30 901820']) expect((await browser.submit({ phone }, still)).status).toBe(422)
    expect((await browser.submit({ phone: '+33 6 12 34 56 78' })).headers.get('location')).toBe('/phone/validate')
    await browser.open('/phone/validate')
    expect((await browser.submit({ code: await codeOf() })).headers.get('location')).toBe('/dashboard')
    expect((await browser.open('/dashboard')).text).toContain('+33612345678')
  })
})

describe('the API key', () => {
  test('is shown once, works from the address that made it, and can be replaced and revoked', async () => {
    const browser = await signedIn(admin)
    await t.db.transaction((tx) => t.parts.apiKeys.revoke(tx, admin.id))
    expect((await browser.open('/api_key')).text).toContain('You have no key')
    const made = await browser.submit()
    const key = / value="([A-Za-z0-9]{40})"/.exec(made.text)?.[1] ?? 'none'
    expect([made.status, made.headers.get('cache-control')]).toEqual([200, 'no-store, private'])
    expect((await t.get('/api/accounts', { key })).status).toBe(200)
    expect((await t.get('/api/accounts', { key, address: '192.0.2.99' })).status).toBe(401)
    const page = await browser.open('/api_key')
    expect(page.text).toContain('192.0.2.7')
    expect(page.text).not.toContain(key)
    expect(await t.snapshot()).not.toContain(key)
    await browser.submit({}, { form: '/api_key/revoke' })
    expect((await t.get('/api/accounts', { key })).status).toBe(401)
    expect(t.logged('apikey.created')).toHaveLength(1)
    expect(t.logged('apikey.deleted')).toHaveLength(1)
    expect(t.lines.join('\n')).not.toContain(key)
  })
})

describe('sessions', () => {
  test('of others cannot be ended; one’s own can, one or all but this', async () => {
    const [browser, second, third, stranger] = [
      await signedIn(),
      await signedIn(),
      await signedIn(),
      await signedIn(admin),
    ]
    const rows = await t.db.read.select().from(t.db.tables.sessions)
    const [, secondRow] = rows.filter(({ accountId }) => accountId === account.id)
    const foreign = rows.find(({ accountId }) => accountId === admin.id)
    const page = await browser.open('/sessions')
    expect(page.text.match(/this browser/g)).toHaveLength(1)
    expect(page.text.match(/name="session"/g)).toHaveLength(2)
    for (const session of [String(foreign?.id), 'x', '']) {
      await browser.submit({ session }, { form: '/sessions/revoke', stay: true })
    }
    expect((await stranger.open('/dashboard')).status).toBe(200)
    await browser.submit({ session: String(secondRow?.id) }, { form: '/sessions/revoke', stay: true })
    expect((await second.open('/dashboard')).status).toBe(302)
    expect((await third.open('/dashboard')).status).toBe(200)
    await browser.submit({}, { form: '/sessions/revoke_others', stay: true })
    expect((await third.open('/dashboard')).status).toBe(302)
    expect((await browser.open('/dashboard')).status).toBe(200)
    expect(t.logged('auth.session.revoked')).toHaveLength(2)
  })
})

describe('devices', () => {
  test('are none without a registrar, and removing one that is unknown has no page', async () => {
    const browser = await signedIn()
    expect((await browser.open('/devices')).text).toContain('not connected to the SIP server')
    expect((await browser.open('/devices/urn%3Auuid%3A1/delete')).status).toBe(404)
  })

  test('are not said to be none when the registrar does not answer', async () => {
    const silent = await startServer(() => {})
    await t.close()
    await start({ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(silent.port) })
    const browser = await signedIn()
    for (const path of ['/devices', '/dashboard']) {
      expect((await browser.open(path)).text).toContain('does not answer')
    }
    silent.stop()
  })

  test.skipIf(!hasProgram('redis-server'))('can be removed after a question; a GET removes nothing', async () => {
    const redis = await startRedis()
    await t.close()
    await start({ REDIS_URL: redis.url })
    const uuid = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
    const userAgent = 'LinphoneAndroid/5.2.1 (<Pixel> 8) LinphoneSDK/5.3'
    await redis.register('somebody@sip.example.org', uuid, { updatedAt: t.clock.now.getTime() / 1000, userAgent })
    const browser = await signedIn()
    expect((await browser.open('/dashboard')).text).toContain('LinphoneAndroid 5.2.1')
    const list = await browser.open('/devices')
    expect(list.text).toContain('LinphoneAndroid 5.2.1 &lt;Pixel> 8')
    const path = /href="(\/devices\/[^"]+)"/.exec(list.text)?.[1] ?? ''
    const stranger = await signedIn(await t.account())
    expect((await stranger.open(path)).status).toBe(404)
    expect((await browser.open(path)).text).toContain('comes back when it registers again')
    expect(t.logged('device.removed')).toEqual([])
    expect((await browser.submit()).headers.get('location')).toBe('/devices')
    expect((await browser.open('/devices')).text).toContain('No device is registered')
    expect(t.logged('device.removed')).toHaveLength(1)
    expect((await browser.open('/devices/delete')).headers.get('location')).toBe('/devices')
    const updatedAt = t.clock.now.getTime() / 1000
    await redis.register('somebody@sip.example.org', uuid, { updatedAt, userAgent })
    expect((await browser.open('/devices')).text).not.toContain('Remove all devices')
    await redis.register('somebody@sip.example.org', `${uuid}-2`, { updatedAt, userAgent })
    await redis.register('neighbour@sip.example.org', uuid, { updatedAt, userAgent })
    expect((await browser.open('/devices')).text).toContain('href="/devices/delete"')
    expect((await browser.open('/devices/delete')).text).toContain('To keep them out, change your password')
    expect((await browser.submit({ form_token: 'x' }, still)).status).toBe(403)
    expect(t.logged('device.removed')).toHaveLength(1)
    expect((await browser.submit()).headers.get('location')).toBe('/devices')
    const gone = (await browser.open('/devices')).text
    expect(gone).toContain('All devices are removed.')
    expect(gone).toContain('No device is registered')
    expect(t.logged('device.removed')).toHaveLength(3)
    expect(await redis.send('HLEN', 'fs:neighbour@sip.example.org')).toBe(1)
    t.parts.registrar.close()
    await redis.stop()
  })
})

describe('one’s own data', () => {
  test('is a download without a secret in it', async () => {
    const browser = await signedIn()
    const rule = { type: 'busy', forward_to: 'voicemail', enabled: true }
    await t.post('/api/accounts/me/call_forwardings', { as: account, body: rule })
    const reply = await browser.open('/dashboard/data')
    expect(reply.headers.get('content-disposition')).toStartWith('attachment; filename="')
    expect(reply.headers.get('cache-control')).toBe('no-store, private')
    expect(reply.json).toMatchObject({
      account: { username: 'somebody', email: 'somebody@example.org' },
      api_key: { requests: 1 },
      call_forwardings: [rule],
      contacts: [],
      devices: [],
      sessions: [{ ip: '192.0.2.7' }],
      vcards: [],
    })
    const [password] = await t.db.read.select().from(t.db.tables.passwords)
    const [session] = await t.db.read.select().from(t.db.tables.sessions)
    const { provisioning_token: token } = (await t.get('/api/accounts/me', { as: account })).json
    for (const secret of [password?.password, session?.token, token]) expect(reply.text).not.toContain(String(secret))
    expect(t.logged('export.run')).toHaveLength(1)
  })
})

describe('the language', () => {
  test('is the account’s from then on, and leads nowhere else', async () => {
    const browser = await signedIn()
    await browser.open('/sessions')
    const reply = await browser.submit({ language: 'fr' }, { form: '/language' })
    expect(reply.headers.get('location')).toBe('/sessions')
    expect((await browser.open('/sessions')).text).toContain('<html lang="fr">')
    const elsewhere = { language: 'xx', next: '//evil.example/' }
    expect((await browser.submit(elsewhere, { form: '/language' })).headers.get('location')).toBe('/dashboard')
    expect((await browser.open('/dashboard')).text).toContain('<html lang="fr">')
    expect((await (await signedIn()).open('/dashboard')).text).toContain('<html lang="fr">')
    await browser.submit({}, { form: '/logout' })
    const again = await browser.open('/login')
    expect(again.text).toContain('<html lang="fr">')
    await browser.submit({ username: 'somebody', password: 'correct-horse' })
    expect((await browser.open('/dashboard')).text).toContain('<html lang="fr">')
  })
})

describe('the account', () => {
  test('is deleted for good by whoever knows its password, and by nobody else', async () => {
    const browser = await signedIn()
    await browser.open('/delete')
    for (const current_password of ['', 'wrong-horse']) {
      expect((await browser.submit({ current_password }, still)).status).toBe(422)
    }
    expect((await t.get('/api/accounts/me', { as: account })).status).toBe(200)
    const reply = await browser.submit({ current_password: 'correct-horse' })
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/login'])
    expect(browser.cookies.has('sipkeeper_session')).toBe(false)
    expect(await t.db.read.select().from(t.db.tables.accountsTombstones)).toHaveLength(1)
    expect((await t.messages()).map(({ kind }) => kind)).toEqual(['account_deleted'])
  })

  test('is not deleted when nobody would be left to administer the Space, also by two at once', async () => {
    const second = await t.account({ admin: true })
    const browsers = [await signedIn(admin), await signedIn(second)]
    for (const browser of browsers) await browser.open('/delete')
    const replies = await Promise.all(
      browsers.map((browser) => browser.submit({ current_password: 'correct-horse' }, still)),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([302, 403])
    expect(replies.find(({ status }) => status === 403)?.text).toContain('You are the only administrator')
  })
})
