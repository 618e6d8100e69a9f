import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { parsePage } from '../support/page.ts'
import { visitor } from '../support/visitor.ts'

// What opens an account besides its password, and when it stops doing so (D48, D55).

let t: TestApp
let admin: TestAccount
let carol: TestAccount
beforeEach(async () => {
  t = await testApp({
    env: {
      MAIL_HOST: 'mail.example.org',
      MAIL_FROM_ADDRESS: 'sip@example.org',
      COTURN_SERVER_HOST: 'turn.example.org',
      COTURN_STATIC_AUTH_SECRET: 'secret',
    },
  })
  await t.parts.phoneCountries.activate(null, 'FR')
  admin = await t.account({ username: 'admin.1', admin: true })
  carol = await t.account({ username: 'carol.1', email: 'carol@example.org', phone: '+33612345678' })
})
afterEach(() => t.close())

const NEW = 'battery-staple'
const as = () => ({ as: admin })
const shown = async () => (await t.get(`/api/accounts/${carol.id}`, as())).json
const newestMail = async (kind: string) => (await t.messages()).filter((mail) => mail.kind === kind).at(-1)?.data

/** Everything that anybody was given to get into carol's account, and how it is used: the status of doing so. */
const given = async () => {
  const key = await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, carol.id, null))
  const cookie = await t.cookie(carol)
  const token = (await t.get(`/api/accounts/${carol.id}/provision`, as())).json.provisioning_token
  const attached = (await t.post('/api/accounts/auth_token')).json.token
  expect((await t.get(`/api/accounts/auth_token/${attached}/attach`, { key })).status).toBe(200)
  const another = (await t.post('/api/accounts/auth_token')).json.token
  expect((await t.get(`/api/accounts/auth_token/${another}/attach`, { key })).status).toBe(200)
  expect((await t.post(`/api/accounts/${carol.id}/send_reset_password_email`, as())).status).toBe(200)
  const reset = new URL(String((await newestMail('reset_password'))?.link)).pathname
  const wizard = (await t.post('/api/wizard', { ...as(), body: { provisioning_account_id: carol.id } })).json.token
  const recovering = visitor(t)
  await recovering.open('/recovery/email')
  await recovering.submit({ email: 'carol@example.org', username: 'carol.1' })
  await t.work()
  await t.work()
  const code = String((await newestMail('recovery_code'))?.code)
  const digits = Object.fromEntries([...code].map((digit, i) => [`number_${i + 1}`, digit]))
  return {
    'API key': async () => (await t.get('/api/accounts/me', { key })).status,
    'key cookie': async () => (await t.get('/api/accounts/me', { headers: { cookie: `x-api-key=${key}` } })).status,
    'key at its document': async () => (await t.get('/provisioning/me', { key })).status,
    'key at TURN': async () => (await t.get('/api/accounts/me/services/turn', { key })).status,
    session: async () => (await t.get('/dashboard', { headers: { cookie } })).status,
    'QR code': async () => (await t.get(`/provisioning/qrcode/${token}`)).status,
    'provisioning token': async () => (await t.get(`/provisioning/${token}`)).status,
    'auth token': async () => (await t.get(`/api/accounts/me/api_key/${attached}`)).status,
    'auth token of a phone': async () => (await t.get(`/provisioning/auth_token/${another}`)).status,
    'reset link': async () => (await t.get(reset)).status,
    'wizard link': async () => {
      const page = await t.get(`/wizard/${wizard}`)
      return page.text.includes('This link does not work') ? 404 : (await parsePage(page).submit(t)).status
    },
    'recovery code': async () => {
      const reply = await recovering.submit({ code, ...digits })
      return reply.headers.get('location') === '/password' ? 200 : 403
    },
  }
}

/** Those that still open the account; a session that has ended leads to the sign-in. */
const stillOpen = async (ways: Awaited<ReturnType<typeof given>>): Promise<string[]> => {
  const open: string[] = []
  for (const [name, use] of Object.entries(ways)) {
    const status = await use()
    if (![302, 401, 403, 404, 410].includes(status)) open.push(`${name}: ${status}`)
  }
  return open
}

test('each of the ways opens the account while nothing has ended it', async () => {
  const ways = await given()
  for (const [name, use] of Object.entries(ways)) {
    // One at a time: some end others.
    const status = name === 'auth token' ? 200 : await use()
    expect([name, [200, 302, 303].includes(status)]).toEqual([name, true])
  }
})

describe('a new password ends all that the old one gave access to', () => {
  const reset = async () => {
    await t.post(`/api/accounts/${carol.id}/send_reset_password_email`, as())
    const browser = visitor(t)
    await browser.open(new URL(String((await newestMail('reset_password'))?.link)).pathname)
    return browser.submit({ password: NEW, password_confirmation: NEW })
  }
  const inThePanel = async () => {
    const browser = visitor(t)
    await browser.open('/login')
    await browser.submit({ username: 'carol.1', password: carol.password })
    await browser.open('/password')
    const fields = { current_password: carol.password, password: NEW, password_confirmation: NEW }
    const reply = await browser.submit(fields)
    expect((await browser.open('/dashboard')).status).toBe(200)
    return reply
  }
  const WAYS: Readonly<Record<string, () => Promise<unknown>>> = {
    'set by itself, with a key': () =>
      t.post('/api/accounts/me/password', {
        key: carol.key,
        body: { algorithm: 'MD5', password: NEW, old_password: carol.password },
      }),
    'set by itself, with DIGEST': () =>
      t.digest(carol, 'POST', '/api/accounts/me/password', {
        body: { algorithm: 'MD5', password: NEW, old_password: carol.password },
      }),
    'set by an administrator': () =>
      t.put(`/api/accounts/${carol.id}`, { ...as(), body: { username: 'carol.1', algorithm: 'MD5', password: NEW } }),
    'with a new name': () =>
      t.put(`/api/accounts/${carol.id}`, { ...as(), body: { username: 'carol.2', algorithm: 'MD5', password: NEW } }),
    'by a link in a mail': reset,
    'in the panel, whose browser stays signed in': inThePanel,
    'made by the phone that sets itself up': async () => t.digest(carol, 'GET', '/provisioning/me?reset_password'),
    'from the command line': () =>
      t.parts.administrators.create({
        domain: carol.domain,
        username: carol.username,
        password: NEW,
        existing: 'reset',
      }),
  }
  for (const [name, change] of Object.entries(WAYS)) {
    test(name, async () => {
      const ways = await given()
      const before = (await t.db.read.select().from(t.db.tables.passwords)).find((row) => row.accountId === carol.id)
      if (name.includes('with a key')) {
        carol = { ...carol, key: await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, carol.id, null)) }
      }
      await change()
      const after = (await t.db.read.select().from(t.db.tables.passwords)).find((row) => row.accountId === carol.id)
      expect(after?.password).not.toBe(before?.password)
      expect(await stillOpen(ways)).toEqual([])
    })
  }

  test('but the account has another provisioning token, and it works', async () => {
    const { provisioning_token: before } = await shown()
    const body = { username: 'carol.1', algorithm: 'MD5', password: NEW }
    const reply = await t.put(`/api/accounts/${carol.id}`, { ...as(), body })
    const { provisioning_token: after } = reply.json
    expect([typeof after, after === before]).toEqual(['string', false])
    expect((await t.get(`/provisioning/${before}`)).status).toBe(404)
    expect((await t.get(`/provisioning/${after}`)).text).toContain('ha1')
  })

  test('and a phone that resets the password while it sets itself up spends one token, and is set up', async () => {
    const { provisioning_token: token } = await shown()
    expect((await t.get(`/provisioning/${token}?reset_password`)).text).toContain('ha1')
    expect((await t.get(`/provisioning/${token}`)).status).toBe(404)
    expect((await shown()).provisioning_token).toBe(null)
    const { provisioning_token: next } = (await t.get(`/api/accounts/${carol.id}/provision`, as())).json
    expect((await t.get(`/provisioning/${next}`)).status).toBe(200)
  })
})

describe('blocking and unblocking revives nothing', () => {
  for (const [name, close, open] of [
    ['by its routes', 'block', 'unblock'],
    ['by PUT', { blocked: true }, { blocked: false }],
  ] as const) {
    test(name, async () => {
      const act = (what: string | object) =>
        typeof what === 'string'
          ? t.post(`/api/accounts/${carol.id}/${what}`, as())
          : t.put(`/api/accounts/${carol.id}`, {
              ...as(),
              body: { username: 'carol.1', algorithm: 'MD5', email: 'carol@example.org', ...what },
            })
      const ways = await given()
      expect((await act(close)).status).toBe(200)
      expect((await act(open)).status).toBe(200)
      expect(await stillOpen(ways)).toEqual([])
      expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
    })
  }
})

describe('an account that an administrator has switched off', () => {
  const switchOff = async () => {
    const reply = await t.post(`/api/accounts/${carol.id}/deactivate`, as())
    expect([reply.status, reply.json.activated]).toEqual([200, false])
  }
  const isOff = async () => {
    expect((await shown()).activated).toBe(false)
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(403)
  }

  test('is opened by nothing that was given out before, at once', async () => {
    const ways = await given()
    // What is looked up again and again was looked up just now.
    expect((await t.get('/api/accounts/me', { as: carol })).status).toBe(401)
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
    await switchOff()
    expect(await stillOpen(ways)).toEqual([])
    await isOff()
  })

  test('reads nothing about itself, gets no TURN credentials, no document and no key, and cannot delete itself', async () => {
    await switchOff()
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', '/api/accounts/me'],
      ['GET', '/api/accounts/me/services/turn'],
      ['GET', '/provisioning/me'],
      ['GET', '/provisioning/me?reset_password'],
      ['GET', '/api/accounts/me/api_key'],
      ['GET', '/api/accounts/me/provision'],
      ['POST', '/api/accounts/me/phone/request'],
      ['DELETE', '/api/accounts/me'],
    ] as const) {
      expect([path, (await t.digest(carol, method, path)).status]).toEqual([path, 403])
    }
    if (t.db.dialect === 'sqlite') expect(await t.snapshot()).toBe(before)
    await isOff()
  })

  test('is brought back by no password: neither its own, nor one of a mail or a code', async () => {
    await t.post(`/api/accounts/${carol.id}/send_reset_password_email`, as())
    const browser = visitor(t)
    await browser.open(new URL(String((await newestMail('reset_password'))?.link)).pathname)
    await switchOff()
    const body = { algorithm: 'MD5', password: NEW, old_password: carol.password }
    expect((await t.digest(carol, 'POST', '/api/accounts/me/password', { body })).status).toBe(403)
    expect((await browser.submit({ password: NEW, password_confirmation: NEW })).status).toBe(403)
    await t.post(`/api/accounts/${carol.id}/send_reset_password_email`, as())
    const link = new URL(String((await newestMail('reset_password'))?.link)).pathname
    expect((await t.get(link)).status).toBe(403)
    const recovering = visitor(t)
    await recovering.open('/recovery/email')
    await recovering.submit({ email: 'carol@example.org', username: 'carol.1' })
    await t.work()
    await t.work()
    expect((await t.messages()).some(({ kind }) => kind === 'recovery_code')).toBe(false)
    await isOff()
  })

  test('is brought back by no provisioning token, also not by one that an administrator made meanwhile', async () => {
    await switchOff()
    const { provisioning_token: fresh } = (await t.get(`/api/accounts/${carol.id}/provision`, as())).json
    expect((await t.get(`/provisioning/${fresh}`)).status).toBe(403)
    expect((await t.get(`/provisioning/qrcode/${fresh}`)).status).toBe(403)
    await isOff()
  })

  test('is brought back by no code: of a number, a mail or the API of 2021', async () => {
    expect((await t.digest(carol, 'POST', '/api/accounts/me/email/request', { body: { email: 'new@example.org' } })).status).toBe(200) // biome-ignore format: one line
    const link = new URL(String((await newestMail('email_code'))?.code_link)).pathname
    expect((await t.digest(carol, 'POST', '/api/accounts/me/phone/request', { body: { phone: '+33687654321' } })).status).toBe(200) // biome-ignore format: one line
    const code = String((await newestMail('phone_code'))?.code)
    const page = parsePage(await t.get(link))
    await switchOff()
    expect((await page.submit(t)).status).toBe(403)
    const path = '/api/accounts/carol.1@sip.example.org/activate/phone'
    expect((await t.post(path, { body: { code } })).status).toBe(404)
    await isOff()
    expect((await shown()).phone).toBe('+33612345678')

    const created = { username: 'fresh.1', password: 'correct-horse', algorithm: 'MD5' }
    const { id, confirmation_key: key } = (await t.post('/api/accounts', { ...as(), body: created })).json
    await t.post(`/api/accounts/${id}/deactivate`, as())
    const body = { code: key }
    expect((await t.post('/api/accounts/fresh.1@sip.example.org/activate/email', { body })).status).toBe(404)
    expect((await t.get(`/provisioning/${key}`)).status).toBe(404)
    expect((await t.get(`/api/accounts/${id}`, as())).json.activated).toBe(false)
  })

  test('is told so in the panel, after the right password only', async () => {
    await switchOff()
    const browser = visitor(t)
    await browser.open('/login')
    expect((await browser.submit({ username: 'carol.1', password: 'wrong' }, { stay: true })).text).toContain('alert')
    const reply = await browser.submit({ username: 'carol.1', password: carol.password })
    expect(reply.headers.get('location')).toBe('/switched-off')
    expect(browser.cookies.has('sipkeeper_session')).toBe(false)
    const page = await browser.open('/switched-off')
    expect([page.status, page.text]).toEqual([403, expect.stringContaining('This account is switched off')])
    // Nobody is signed in there who could sign out.
    expect(page.text).toContain('href="/login"')
    expect(page.text).not.toContain('href="/logout"')
  })

  test('is switched on again by an administrator: with its route, with PUT, or from the command line', async () => {
    const body = { username: 'carol.1', algorithm: 'MD5', activated: true }
    const { domain, username, password } = carol
    for (const switchOn of [
      () => t.post(`/api/accounts/${carol.id}/activate`, as()),
      () => t.get(`/api/accounts/${carol.id}/activate`, as()),
      () => t.put(`/api/accounts/${carol.id}`, { ...as(), body }),
      () => t.parts.administrators.create({ domain, username, password, existing: 'keep' }),
    ]) {
      const ways = await given()
      await switchOff()
      await switchOn()
      expect((await shown()).activated).toBe(true)
      expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
      expect(await stillOpen(ways)).toEqual([])
      await t.put(`/api/accounts/${carol.id}`, {
        ...as(),
        body: { username: 'carol.1', algorithm: 'MD5', email: 'carol@example.org', admin: false },
      })
    }
  })

  test('stays so when an administrator sends everything once more, and with a new password', async () => {
    await switchOff()
    const body = { username: 'carol.1', algorithm: 'MD5', activated: false, password: NEW }
    expect((await t.put(`/api/accounts/${carol.id}`, { ...as(), body })).json.activated).toBe(false)
    carol = { ...carol, password: NEW }
    await isOff()
  })

  test('is not cleared away with those that nobody confirmed', async () => {
    await switchOff()
    t.later(60 * 24 * 3_600_000)
    const clearing = { apply: true, confirmed: false, domain: null }
    expect(await t.parts.housekeeping.unconfirmed(30, clearing)).toBe(0)
  })
})

describe('an account that nobody has confirmed yet', () => {
  beforeEach(async () => {
    carol = await t.account({ username: 'shy.1', activated: false, email: 'carol@example.org' })
  })

  test('may authenticate, and is activated by what confirms it', async () => {
    expect((await t.get('/api/accounts/me', { as: carol })).json.activated).toBe(false)
    const { provisioning_token: token } = await shown()
    expect((await t.get(`/provisioning/${token}`)).status).toBe(200)
    expect((await shown()).activated).toBe(true)
  })

  test('is not switched off by an administrator who reads it, changes its name and sends all of it back', async () => {
    const { username, email, activated } = await shown()
    const body = { username, email, activated, algorithm: 'MD5', display_name: 'Carol' }
    expect((await t.put(`/api/accounts/${carol.id}`, { ...as(), body })).status).toBe(200)
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
    const { provisioning_token: token } = await shown()
    await t.get(`/provisioning/${token}`)
    expect((await shown()).activated).toBe(true)
  })
})

test('an auth token that is redeemed while its account is being blocked gives no key that outlives it', async () => {
  const { token } = (await t.post('/api/accounts/auth_token')).json
  await t.get(`/api/accounts/auth_token/${token}/attach`, { as: carol })
  const [redeemed] = await Promise.all([
    t.get(`/api/accounts/me/api_key/${token}`),
    t.post(`/api/accounts/${carol.id}/block`, as()),
  ])
  expect([200, 403]).toContain(redeemed?.status ?? 0)
  const key = redeemed?.json?.api_key as string | undefined
  if (redeemed?.status === 200) expect((await t.get('/api/accounts/me', { key: key ?? '' })).status).toBe(403)
  await t.post(`/api/accounts/${carol.id}/unblock`, as())
  if (key !== undefined) expect((await t.get('/api/accounts/me', { key })).status).toBe(401)
})
