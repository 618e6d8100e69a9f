import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { plain } from '../support/page.ts'
import { MINUTE_MS } from '../support/time.ts'
import { visitor } from '../support/visitor.ts'

// Signing in to the panel, and out of it (behaviour/panel.md §1, behaviour/panel.md §3).

let t: TestApp
let account: TestAccount

const PHONE = '+33612345678'

/** Answers that are slow on purpose; the test says when they come. */
let paused: { ms: number; end: () => void }[] = []
const pause = (ms: number) => new Promise<void>((end) => paused.push({ ms, end }))

const start = async (env: Record<string, string> = {}) => {
  paused = []
  t = await testApp({ env, pause })
  account = await t.account({ username: 'somebody', email: 'somebody@example.org', phone: PHONE })
}
beforeEach(() => start())
afterEach(() => t.close())

const still = { stay: true }
const sessionRows = () => t.db.read.select().from(t.db.tables.sessions)

const attempt = async (
  username: string,
  password: string,
  at: { host?: string; address?: string } = {},
): Promise<Reply> => {
  const browser = visitor(t, at)
  await browser.open('/login')
  return browser.submit({ username, password })
}
const isIn = (reply: Reply) => [reply.status, reply.headers.get('location')].join(' ') === '302 /dashboard'

const signedIn = async (who = account) => {
  const browser = visitor(t)
  await browser.open('/login')
  await browser.submit({ username: who.username, password: who.password })
  return browser
}

describe('nobody gets in', () => {
  test('without a password, with a wrong one, with that of another name, or in another Space', async () => {
    await t.account({ username: 'another', password: 'battery-staple' })
    for (const [username, password] of [
      ['somebody', ''],
      ['', 'correct-horse'],
      ['somebody', 'wrong-horse'],
      ['somebody', 'battery-staple'],
      ['somebody', 'Correct-horse'],
      ['somebody', 'correct-horse '],
      ['nobody', 'correct-horse'],
      ['somebody@sip.other.org', 'correct-horse'],
    ] as const) {
      expect([username, password, (await attempt(username, password)).status]).toEqual([username, password, 422])
    }
    expect((await attempt('somebody', 'correct-horse', { host: 'other.localhost' })).status).toBe(422)
    expect(await sessionRows()).toEqual([])
  })

  test('and learns whether there is such an account: one without a password looks like none', async () => {
    const empty = await t.account({ username: 'passwordless' })
    await t.db.transaction((tx) => tx.delete(t.db.tables.passwords).returning())
    account = await t.account({ username: 'known' })
    const unknown = plain(await attempt('unknown', 'wrong-horse'), 'unknown')
    expect(plain(await attempt('known', 'wrong-horse'), 'known')).toEqual(unknown)
    expect(plain(await attempt(empty.username, ''), empty.username).status).toBe(422)
    expect(plain(await attempt(empty.username, 'wrong-horse'), empty.username)).toEqual(unknown)
  })

  test('with an address that two accounts share', async () => {
    await t.account({ username: 'sharing', email: 'somebody@example.org' })
    expect((await attempt('somebody@example.org', 'correct-horse')).status).toBe(422)
  })

  test('who is blocked; only whoever knows the password is told so', async () => {
    const blocked = await t.account({ username: 'blocked', blocked: true })
    expect((await attempt('blocked', 'wrong-horse')).status).toBe(422)
    const reply = await attempt('blocked', blocked.password)
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/blocked'])
    const page = await t.get('/blocked')
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('This account is blocked')])
    expect(await sessionRows()).toEqual([])
  })

  test('by a form that another site made, or without one', async () => {
    const body = { username: 'somebody', password: 'correct-horse' }
    expect((await t.post('/authenticate', { body })).status).toBe(403)
    const browser = visitor(t)
    await browser.open('/login')
    const elsewhere = { headers: { 'sec-fetch-site': 'cross-site' } }
    expect((await browser.submit(body, elsewhere)).status).toBe(403)
    expect(await sessionRows()).toEqual([])
  })

  test('while the panel is switched off', async () => {
    const browser = await signedIn()
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ webPanel: false }).returning())
    t.parts.spaces.forget()
    for (const path of ['/login', '/dashboard', '/authenticate/qrcode', '/logout']) {
      expect([path, (await browser.open(path)).headers.get('location')]).toEqual([path, '/about'])
    }
  })
})

describe('guessing', () => {
  const guess = (count: number, username: string, from: (index: number) => string) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => attempt(username, `wrong-${index}`, { address: from(index) })),
    )
  const statuses = (replies: readonly Reply[]) => replies.map(({ status }) => status).sort()

  test('at one account is over after five, however many guess at once from however many addresses', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    const replies = await guess(12, 'somebody', (index) => `198.51.100.${index}`)
    expect(statuses(replies)).toEqual([...Array(5).fill(422), ...Array(7).fill(429)])
    const refused = replies.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused?.text).toContain('Try again in')
    // Nor does the right one help now, whichever way the name is written.
    expect((await attempt('somebody', 'correct-horse')).status).toBe(429)
    expect((await attempt('SOMEBODY@sip.example.org', 'correct-horse')).status).toBe(429)
    expect(isIn(await attempt((await t.account()).username, 'correct-horse'))).toBe(true)
    expect(t.logged('auth.throttled').length).toBeGreaterThan(0)
  })

  test('at an account that does not exist is over just as soon', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    expect(statuses(await guess(7, 'nobody', () => '198.51.100.1'))).toEqual([...Array(5).fill(422), 429, 429])
  })

  test('from one address is over after thirty, whatever the names', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    const replies: Reply[] = []
    for (let index = 0; index < 32; index += 1) replies.push(await attempt(`name${index}`, 'wrong-horse'))
    expect(statuses(replies)).toEqual([...Array(30).fill(422), 429, 429])
    expect((await attempt('somebody', 'correct-horse')).status).toBe(429)
    expect(isIn(await attempt('somebody', 'correct-horse', { address: '198.51.100.9' }))).toBe(true)
  })

  test('from one /64 is over after thirty, however many addresses it has', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    const replies: Reply[] = []
    for (let index = 0; index < 32; index += 1) {
      replies.push(await attempt(`name${index}`, 'wrong-horse', { address: `2001:db8::${index}` }))
    }
    expect(statuses(replies)).toEqual([...Array(30).fill(422), 429, 429])
    expect(isIn(await attempt('somebody', 'correct-horse', { address: '2001:db8:0:1::1' }))).toBe(true)
  })

  test('is forgotten once somebody gets in; getting in costs nothing', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 3; count += 1) await attempt('somebody', 'wrong-horse')
      expect(isIn(await attempt('somebody', 'correct-horse'))).toBe(true)
    }
    for (let count = 0; count < 25; count += 1) {
      expect(isIn(await attempt('somebody', 'correct-horse'))).toBe(true)
    }
  })

  test('leaves neither the password nor what was typed as a name in the log', async () => {
    await attempt('typed-by-mistake', 'wrong-horse')
    await attempt('somebody', 'wrong-horse')
    await attempt('somebody', 'correct-horse')
    const log = t.lines.join('\n')
    for (const secret of ['typed-by-mistake', 'wrong-horse', 'correct-horse']) expect(log).not.toContain(secret)
    expect(t.logged('auth.login.fail')).toHaveLength(2)
    expect(t.logged('auth.login.ok')).toEqual([expect.stringContaining('account=somebody@sip.example.org')])
  })
})

describe('nobody is shut out', () => {
  /** Until it is answered, or waits for its answer. */
  const begun = async (reply: Promise<Reply>): Promise<Promise<Reply>[]> => {
    const before = paused.length
    let isAnswered = false
    void reply.then(() => {
      isAnswered = true
    })
    while (!isAnswered && paused.length === before) await Bun.sleep(0)
    return [reply]
  }
  /** From so many addresses that none of them has had enough. */
  const invent = async (count: number) => {
    const replies: Promise<Reply>[] = []
    for (let index = 0; index < count; index += 1) {
      const address = `198.51.${index % 100}.1`
      replies.push(...(await begun(attempt(`name${index}`, 'wrong-horse', { address }))))
    }
    return replies
  }

  test('of a Space at which many guess: it answers strangers late, and each address one at a time', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    const before = await invent(300)
    expect(new Set((await Promise.all(before)).map(({ status }) => status))).toEqual(new Set([422]))
    const after = await invent(30)
    expect(paused.map(({ ms }) => ms)).toEqual(Array(30).fill(3000))
    // One who is new here gets in all the same, only not at once, and not twice at once.
    const [first] = await begun(attempt('somebody', 'correct-horse', { address: '203.0.113.7' }))
    const second = await attempt('somebody', 'correct-horse', { address: '203.0.113.7' })
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '3'])
    for (const { end } of paused) end()
    expect(isIn(await (first as Promise<Reply>))).toBe(true)
    expect(new Set((await Promise.all(after)).map(({ status }) => status))).toEqual(new Set([422]))
  })

  test('of an account at which strangers guess, who signed in from this browser before', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    const browser = await signedIn()
    expect(browser.cookies.get('sipkeeper_known')).toMatch(/^\d+\.\w{16}\.\d+\.[0-9a-f]{32}$/)
    await browser.open('/logout')
    await browser.submit()
    // The account, the address and the Space have all had enough of strangers.
    for (let index = 0; index < 8; index += 1) await attempt('somebody', `wrong-${index}`)
    for (let index = 0; index < 32; index += 1) await attempt(`name${index}`, 'wrong-horse')
    await invent(300)
    for (const { end } of paused) end()
    expect((await attempt('somebody', 'correct-horse')).status).toBe(429)
    await browser.open('/login')
    const paces = paused.length
    expect(isIn(await browser.submit({ username: 'somebody', password: 'correct-horse' }))).toBe(true)
    expect(paused).toHaveLength(paces)
  })

  test('but a known browser guesses no more often than strangers, nor at other accounts, nor with a forged cookie', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    await t.account({ username: 'another' })
    const browser = await signedIn()
    const cookie = String(browser.cookies.get('sipkeeper_known'))
    const guess = async (username: string, value: string): Promise<number> => {
      const stranger = visitor(t, { address: '203.0.113.9' })
      await stranger.open('/login')
      stranger.cookies.set('sipkeeper_known', value)
      return (await stranger.submit({ username, password: 'wrong-horse' })).status
    }
    const series = async (username: string, value: string) => {
      const statuses: number[] = []
      for (let count = 0; count < 6; count += 1) statuses.push(await guess(username, value))
      return statuses
    }
    const FIVE = [...Array(5).fill(422), 429]
    for (const forged of [cookie.replace(/^\d+/, '2'), `${cookie}0`, cookie.slice(0, -1), `~${'x'.repeat(2000)}`]) {
      await series('another', forged)
      expect([forged, await guess('another', forged)]).toEqual([forged, 429])
    }
    expect(await series('somebody', cookie)).toEqual(FIVE)
    // The owner, elsewhere, has lost nothing by that.
    expect(isIn(await attempt('somebody', 'correct-horse'))).toBe(true)
    expect(await guess('another', cookie)).toBe(429)
  })

  test('by a browser that several people use, nor after a year', async () => {
    const browser = visitor(t)
    for (const username of ['somebody', (await t.account()).username]) {
      browser.cookies.delete('sipkeeper_session')
      await browser.open('/login')
      expect(isIn(await browser.submit({ username, password: 'correct-horse' }))).toBe(true)
    }
    expect(String(browser.cookies.get('sipkeeper_known')).split('~')).toHaveLength(2)
    t.later(366 * 24 * 60 * MINUTE_MS)
    browser.cookies.delete('sipkeeper_session')
    await browser.open('/login')
    await browser.submit({ username: 'somebody', password: 'correct-horse' })
    expect(String(browser.cookies.get('sipkeeper_known')).split('~')).toHaveLength(1)
  })
})

describe('somebody gets in', () => {
  test('by name, SIP address, phone number in any notation, or e-mail address', async () => {
    for (const typed of [
      'somebody',
      ' Somebody ',
      'somebody@sip.example.org',
      'sip:somebody@sip.example.org',
      PHONE,
      '+33 6 12 34 56 78',
      'somebody@example.org',
    ]) {
      expect([typed, isIn(await attempt(typed, 'correct-horse'))]).toEqual([typed, true])
    }
  })

  test('by a name before a number and an address that are somebody else’s', async () => {
    const named = await t.account({ username: '33698765432', password: 'battery-staple' })
    await t.account({ username: 'other', phone: '+33698765432', password: 'other-words' })
    expect(isIn(await attempt(named.username, 'battery-staple'))).toBe(true)
  })

  test('with MD5 and with SHA-256, also before the account was confirmed', async () => {
    for (const algorithm of ['MD5', 'SHA-256'] as const) {
      const other = await t.account({ algorithm, activated: false })
      expect([algorithm, isIn(await attempt(other.username, other.password))]).toEqual([algorithm, true])
    }
  })

  test('gets a new session, stored hashed, in the place of the one before it', async () => {
    const browser = await signedIn()
    const first = browser.cookies.get('sipkeeper_session')
    const reply = await browser.open('/login')
    expect(reply.headers.get('location')).toBe('/dashboard')
    await browser.open('/sessions')
    const again = visitor(t)
    await again.open('/login')
    again.cookies.set('sipkeeper_session', first ?? '')
    await again.submit({ username: 'somebody', password: 'correct-horse' })
    expect(again.cookies.get('sipkeeper_session')).not.toBe(first)
    expect((await browser.open('/dashboard')).status).toBe(302)
    expect(await sessionRows()).toHaveLength(1)
    expect(await t.snapshot()).not.toContain(String(again.cookies.get('sipkeeper_session')))
  })

  test('goes on to what was asked for, on this host and nowhere else', async () => {
    for (const [next, location] of [
      ['/devices', '/devices'],
      ['/auth_tokens/auth/external/abc?x=1', '/auth_tokens/auth/external/abc?x=1'],
      ['//evil.example/', '/dashboard'],
      ['/\\evil.example', '/dashboard'],
      ['https://evil.example/', '/dashboard'],
      ['/a\r\nset-cookie: x=y', '/dashboard'],
    ] as const) {
      const browser = visitor(t)
      await browser.open(`/login?next=${encodeURIComponent(next)}`)
      const reply = await browser.submit({ username: 'somebody', password: 'correct-horse', next })
      expect([next, reply.headers.get('location')]).toEqual([next, location])
    }
    const asked = await visitor(t).open('/sessions?x=1')
    expect(asked.headers.get('location')).toBe('/login?next=%2Fsessions%3Fx%3D1')
  })

  test('takes along the language that was chosen here, and keeps one that was chosen before', async () => {
    const browser = visitor(t)
    await browser.open('/login?lang=fr')
    expect((await browser.open('/login')).text).toContain('<html lang="fr">')
    await browser.submit({ username: 'somebody', password: 'correct-horse' })
    expect((await (await signedIn()).open('/dashboard')).text).toContain('<html lang="fr">')
  })

  test('not with the old password when it was changed at the same moment', async () => {
    const browser = visitor(t)
    await browser.open('/login')
    const body = { old_password: 'correct-horse', password: 'battery-staple', algorithm: 'SHA-256' }
    const [reply] = await Promise.all([
      browser.submit({ username: 'somebody', password: 'correct-horse' }, still),
      t.post('/api/accounts/me/password', { as: account, body }),
    ])
    // Either it came first and its session is over, or it came second and was refused.
    expect(isIn(reply) || reply.status === 422).toBe(true)
    expect(await sessionRows()).toEqual([])
  })
})

describe('somebody who is signed in', () => {
  test('is out after leaving, for good; a GET only asks', async () => {
    const browser = await signedIn()
    const cookie = `sipkeeper_session=${browser.cookies.get('sipkeeper_session')}`
    const page = await browser.open('/logout')
    expect([page.status, await sessionRows()]).toMatchObject([200, [{}]])
    const reply = await browser.submit()
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/login'])
    expect(browser.cookies.has('sipkeeper_session')).toBe(false)
    expect((await t.get('/dashboard', { headers: { cookie } })).headers.get('location')).toContain('/login')
    expect((await browser.open('/login')).text).toContain('You are signed out')
    expect(t.logged('auth.logout')).toHaveLength(1)
  })

  test('is out when an administrator blocks the account or gives it another role or password', async () => {
    const admin = await t.account({ admin: true })
    const put = (change: Record<string, unknown>) =>
      t.put(`/api/accounts/${account.id}`, {
        as: admin,
        body: { username: 'somebody', algorithm: 'SHA-256', ...change },
      })
    const ways = [
      () => t.post(`/api/accounts/${account.id}/block`, { as: admin }),
      () => put({ admin: true }),
      () => put({ admin: false, password: 'correct-horse' }),
    ]
    for (const way of ways) {
      const browser = await signedIn()
      expect((await browser.open('/dashboard')).status).toBe(200)
      expect((await way()).status).toBe(200)
      expect((await browser.open('/dashboard')).headers.get('location')).toContain('/login')
      await t.post(`/api/accounts/${account.id}/unblock`, { as: admin })
    }
    expect(t.logged('auth.session.revoked')).toHaveLength(3)
  })

  test('sees only the page about it when the account was blocked behind our back, and may leave', async () => {
    const browser = await signedIn()
    await t.db.transaction((tx) => tx.update(t.db.tables.accounts).set({ blocked: true }).returning())
    for (const path of ['/dashboard', '/sessions', '/password']) {
      expect([path, (await browser.open(path)).headers.get('location')]).toEqual([path, '/blocked'])
    }
    expect((await browser.open('/blocked')).status).toBe(403)
    await browser.open('/logout')
    expect((await browser.submit()).headers.get('location')).toBe('/login')
  })

  test('is out after two hours without a request', async () => {
    const browser = await signedIn()
    t.later(119 * MINUTE_MS)
    expect((await browser.open('/dashboard')).status).toBe(200)
    t.later(122 * MINUTE_MS)
    expect((await browser.open('/dashboard')).status).toBe(302)
  })
})

describe('a QR code', () => {
  const waitingBrowser = async () => {
    const browser = visitor(t, { address: '198.51.100.7' })
    const reply = await browser.open('/authenticate/qrcode')
    const path = reply.headers.get('location') ?? ''
    return { browser, path, token: path.slice('/authenticate/qrcode/'.length), page: await browser.open(path) }
  }
  const tokens = () => t.db.read.select().from(t.db.tables.authTokens)
  const phraseOn = ({ text }: Reply) => /<strong>(\w+ \w+)<\/strong>/.exec(text)?.[1]

  test('signs nobody in before it is approved, after five minutes, or in another browser', async () => {
    const { browser, path, token } = await waitingBrowser()
    expect((await browser.open(`${path}/state`)).json).toEqual({ state: 'waiting' })
    const thief = visitor(t)
    expect((await thief.open(path)).headers.get('location')).toBe('/authenticate/qrcode')
    expect((await thief.open(`${path}/state`)).json).toEqual({ state: 'over' })
    const phone = await signedIn()
    await phone.open(`/auth_tokens/auth/external/${token}`)
    await phone.submit()
    expect((await browser.open(`${path}/state`)).json).toEqual({ state: 'approved' })
    // Whoever has seen the code on the screen cannot use it, by whatever door.
    for (const door of [`/auth_tokens/auth/${token}`, `/api/accounts/me/api_key/${token}`]) {
      expect([door, (await thief.open(door)).status]).toEqual([door, 404])
    }
    const provisioning = { headers: { 'x-linphone-provisioning': 'true' } }
    expect((await thief.open(`/provisioning/auth_token/${token}`, provisioning)).status).toBe(404)
    await thief.open('/login')
    expect((await thief.submit({ token }, { form: '/authenticate' })).status).toBe(422)
    t.later(6 * MINUTE_MS)
    expect((await browser.open(path)).headers.get('location')).toBe('/authenticate/qrcode')
    expect((await sessionRows()).map(({ accountId }) => accountId)).toEqual([account.id])
  })

  test('is approved by a person, who sees who asks; opening its address approves nothing', async () => {
    const { browser, path, token, page } = await waitingBrowser()
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    const stranger = await visitor(t).open(`/auth_tokens/auth/external/${token}`)
    expect(stranger.headers.get('location')).toContain('/login?next=')
    const phone = await signedIn()
    const asked = await phone.open(`/auth_tokens/auth/external/${token}`)
    expect(asked.text).toContain('198.51.100.7')
    expect(phraseOn(asked)).toBe(phraseOn(page))
    expect(await tokens()).toMatchObject([{ accountId: null }])
    const reply = await phone.submit({}, still)
    expect([reply.status, reply.headers.get('location')]).toEqual([302, '/dashboard'])
    expect((await phone.submit({}, still)).status).toBe(404)
    await browser.open(path)
    expect(await sessionRows()).toHaveLength(1)
    const both = await Promise.all([browser.submit({}, still), browser.submit({}, still)])
    expect(both.map(({ status }) => status).sort()).toEqual([302, 404])
    const dashboard = await browser.open('/dashboard')
    expect([dashboard.status, dashboard.text]).toEqual([200, expect.stringContaining('somebody@sip.example.org')])
    expect(await tokens()).toEqual([])
    expect(t.lines.join('\n')).not.toContain(token)
    expect(t.logged('auth.login.ok').at(-1)).toContain('via=qr')
  })

  test('does not come more than twenty times an hour to one address', async () => {
    await t.close()
    await start({ AUTH_RATE_LIMIT_PER_MINUTE: '60' })
    for (let count = 0; count < 20; count += 1) expect((await t.get('/authenticate/qrcode')).status).toBe(302)
    expect((await t.get('/authenticate/qrcode')).status).toBe(429)
    expect((await t.get('/authenticate/qrcode', { address: '198.51.100.1' })).status).toBe(302)
    expect(await tokens()).toHaveLength(21)
  })

  test('of somebody who is signed in signs another device in, once, after a click; a newer one replaces it', async () => {
    const browser = await signedIn()
    await browser.open('/sessions')
    const make = async () =>
      /qrcode\/(\w{32})/.exec((await browser.submit({}, { form: '/auth_tokens', stay: true })).text)?.[1] ?? ''
    const [old, token] = [await make(), await make()]
    const device = visitor(t)
    expect((await device.open(`/auth_tokens/auth/${old}`)).status).toBe(404)
    const page = await device.open(`/auth_tokens/auth/${token}`)
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('somebody@sip.example.org')])
    expect(await sessionRows()).toHaveLength(1)
    expect((await device.submit({}, still)).headers.get('location')).toBe('/dashboard')
    expect((await device.submit({}, still)).status).toBe(404)
    expect((await device.open('/dashboard')).status).toBe(200)
  })

  test('of a blocked account signs nobody in', async () => {
    const { browser, path, token } = await waitingBrowser()
    const phone = await signedIn()
    await phone.open(`/auth_tokens/auth/external/${token}`)
    await phone.submit()
    await t.post(`/api/accounts/${account.id}/block`, { as: await t.account({ admin: true }) })
    await browser.open(path)
    expect((await browser.submit()).status).toBe(403)
    expect(await sessionRows()).toEqual([])
  })
})

test('beside the form stands how many accounts there are, where the operator wants it', async () => {
  expect((await t.get('/login')).text).not.toContain('1 account')
  await t.close()
  await start({ APP_SHOW_LOGIN_COUNTER_TEMP: 'true' })
  expect((await t.get('/login')).text).toContain('It has 1 account.')
})

describe('pages', () => {
  test('say what browsers must not do with them', async () => {
    const { headers } = await t.get('/login')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('content-security-policy')).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('vary')).toBe('Accept-Language, Cookie')
    expect(headers.get('strict-transport-security')).toBeNull()
    await t.close()
    await start({ TRUSTED_PROXIES: '192.0.2.7' })
    const secure = await t.get('/login', { headers: { 'x-forwarded-proto': 'https' } })
    expect(secure.headers.get('strict-transport-security')).toMatch(/^max-age=\d+$/)
    expect(secure.headers.getSetCookie().join()).toContain('Secure')
  })

  test('are nothing for search engines, but for the few that everybody may find', async () => {
    const robots = await t.get('/robots.txt')
    expect(robots.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(robots.text).toBe(
      'User-agent: *\nAllow: /$\nAllow: /about$\nAllow: /api$\nAllow: /provisioning/documentation$\nDisallow: /\n',
    )
  })
})
