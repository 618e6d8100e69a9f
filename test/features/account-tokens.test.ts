import { afterEach, describe, expect, test } from 'bun:test'
import { AppError } from '../../src/errors.ts'
import type { PushMessage } from '../../src/push/sender.ts'
import { type TestApp, testApp } from '../support/app.ts'

let t: TestApp
afterEach(() => t.close())

/** A push service in the test's hands: what was sent, and whether sending works. */
const withPush = async (env: Record<string, string> = {}) => {
  const sent: PushMessage[] = []
  const pushes = { works: true, sent }
  t = await testApp({
    env,
    push: {
      send: async (message) => {
        await Bun.sleep(1)
        if (!pushes.works) throw new AppError('unavailable', 'push.off')
        sent.push(message)
      },
    },
  })
  return pushes
}

const device = { pn_provider: 'fcm', pn_param: 'project', pn_prid: 'device:one' }
const REQUEST = '/api/account_creation_request_tokens'
const BY_PUSH = '/api/account_creation_tokens/send-by-push'
const EXCHANGE = '/api/account_creation_tokens/using-account-creation-request-token'
const REGISTER = '/api/accounts/with-account-creation-token'

const validated = async (): Promise<string> => {
  const { token } = (await t.post(REQUEST)).json
  const [row] = await t.db.transaction((tx) =>
    tx.update(t.db.tables.accountCreationRequestTokens).set({ validatedAt: t.clock.now }).returning(),
  )
  expect(row?.token).toBe(t.parts.secrets.hash(token))
  return token
}

const creationToken = async (): Promise<string> => {
  const admin = await t.account({ admin: true })
  return (await t.post('/api/account_creation_tokens', { as: admin })).json.token
}

const registration = (token: string, more: Record<string, unknown> = {}) => ({
  body: {
    username: 'newcomer',
    password: 'correct-horse',
    algorithm: 'SHA-256',
    account_creation_token: token,
    ...more,
  },
})

describe('creation tokens by push', () => {
  test('refuse providers and parameters that no push service uses, and send nothing', async () => {
    const pushes = await withPush()
    const cases: [Record<string, unknown>, string][] = [
      [{}, 'pn_provider'],
      [{ ...device, pn_provider: 'FCM' }, 'pn_provider'],
      [{ ...device, pn_provider: null }, 'pn_provider'],
      [{ ...device, pn_param: 'a b' }, 'pn_param'],
      [{ ...device, pn_prid: 'a.b' }, 'pn_prid'],
      [{ ...device, pn_prid: 'x'.repeat(256) }, 'pn_prid'],
      [{ ...device, pn_prid: '$(reboot)' }, 'pn_prid'],
    ]
    const before = await t.snapshot()
    for (const [body, field] of cases) {
      const reply = await t.post(BY_PUSH, { body })
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, [field]])
    }
    expect(pushes.sent).toEqual([])
    expect(await t.snapshot()).toBe(before)
  })

  test('answer 503 when the push was not sent, and then nothing is stored or counted', async () => {
    const pushes = await withPush()
    pushes.works = false
    const before = await t.snapshot()
    for (let i = 0; i < 6; i++) expect((await t.post(BY_PUSH, { body: device })).status).toBe(503)
    expect(await t.snapshot()).toBe(before)
    pushes.works = true
    expect((await t.post(BY_PUSH, { body: device })).status).toBe(200)
  })

  test('reach the device only: the reply is empty, the log knows four characters', async () => {
    const pushes = await withPush()
    const reply = await t.post(BY_PUSH, { body: device })
    expect([reply.status, reply.text]).toEqual([200, ''])
    const token = pushes.sent[0]?.payload?.token ?? ''
    expect(token).toMatch(/^[A-Za-z0-9]{13}$/)
    expect(pushes.sent[0]).toMatchObject({ provider: 'fcm', param: 'project', prid: 'device:one', type: 'background' })
    expect(t.lines.join('\n')).not.toContain(token)
    expect(t.lines.join('\n')).toContain(`${token.slice(0, 4)}`)
  })

  const answered = async (body: object = device) => {
    const reply = await t.post(BY_PUSH, { body })
    return [reply.status, reply.headers.get('retry-after')]
  }

  test('are refused to a device that was sent one a moment ago, with the time to wait', async () => {
    const pushes = await withPush()
    expect(await answered()).toEqual([200, null])
    t.later(20 * 1000)
    expect(await answered()).toEqual([403, '40'])
    expect(await answered({ ...device, pn_prid: 'device:two' })).toEqual([200, null])
    t.later(39 * 1000)
    expect(await answered()).toEqual([403, '1'])
    expect(pushes.sent).toHaveLength(2)
    t.later(1000)
    expect(await answered()).toEqual([200, null])
  })

  test('three in the retry window are the most, used ones as well', async () => {
    const pushes = await withPush()
    const tokenOf = (index: number) => pushes.sent[index]?.payload?.token ?? ''
    await answered()
    await t.post(REGISTER, registration(tokenOf(0), { username: 'newcomer.0' }))
    t.later(600 * 1000)
    await answered()
    t.later(600 * 1000)
    await answered()
    await t.post(REGISTER, registration(tokenOf(2), { username: 'newcomer.2' }))
    t.later(600 * 1000)
    expect(await answered()).toEqual([403, '1800'])
    t.later(1800 * 1000)
    expect(await answered()).toEqual([200, null])
    expect(pushes.sent).toHaveLength(4)
  })

  test('a used one no longer blocks: the same device makes another account at once', async () => {
    const pushes = await withPush()
    await answered()
    const token = pushes.sent[0]?.payload?.token ?? ''
    expect((await t.post(REGISTER, registration(token))).status).toBe(200)
    expect(await answered()).toEqual([200, null])
  })

  test('wait as long as PUSH_RESEND_SECONDS says, or not at all', async () => {
    await withPush({ PUSH_RESEND_SECONDS: '7200' })
    await answered()
    t.later(3700 * 1000)
    expect(await answered()).toEqual([403, '3500'])
    await t.close()
    await withPush({ PUSH_RESEND_SECONDS: '0' })
    expect([await answered(), await answered(), await answered(), await answered()]).toEqual([
      [200, null],
      [200, null],
      [200, null],
      [403, '3600'],
    ])
  })

  test('go once to a device that asks twice at the same time', async () => {
    const pushes = await withPush()
    const replies = await Promise.all(Array.from({ length: 20 }, () => t.post(BY_PUSH, { body: device })))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(403)])
    expect(pushes.sent).toHaveLength(1)
  })

  test('under the reference policy only a used token blocks, with 429', async () => {
    const pushes = await withPush({ PUSH_TOKEN_POLICY: 'reference' })
    await t.post(BY_PUSH, { body: device })
    expect((await t.post(BY_PUSH, { body: device })).status).toBe(200)
    await t.post(REGISTER, registration(pushes.sent[0]?.payload?.token ?? ''))
    const reply = await t.post(BY_PUSH, { body: device })
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '3600'])
  })

  test('absent parameters are empty text, for recovery tokens as well', async () => {
    const pushes = await withPush()
    for (const kind of ['creation', 'recovery']) {
      const reply = await t.post(`/api/account_${kind}_tokens/send-by-push`, { body: { pn_provider: 'apns' } })
      expect(reply.status).toBe(200)
    }
    expect(pushes.sent.map(({ param, prid }) => [param, prid])).toEqual([
      ['', ''],
      ['', ''],
    ])
  })
})

describe('creation request tokens', () => {
  test('cannot be exchanged before the browser check, after it only once', async () => {
    await withPush()
    const { token } = (await t.post(REQUEST)).json
    const body = { account_creation_request_token: token }
    expect((await t.post(EXCHANGE, { body })).status).toBe(404)
    expect((await t.post(EXCHANGE, { body: {} })).json.errors.account_creation_request_token).toHaveLength(1)
    expect(
      (await t.post(EXCHANGE, { body: { account_creation_request_token: 5 } })).json.errors
        .account_creation_request_token,
    ).toHaveLength(1)
    for (const unknown of ['unknown', 'x'.repeat(13), `${token}x`]) {
      expect((await t.post(EXCHANGE, { body: { account_creation_request_token: unknown } })).status).toBe(404)
    }
    await t.db.transaction((tx) =>
      tx.update(t.db.tables.accountCreationRequestTokens).set({ validatedAt: t.clock.now }).returning(),
    )
    const exchanged = await t.post(EXCHANGE, { body })
    expect(exchanged.status).toBe(201)
    expect(Object.keys(exchanged.json).sort()).toEqual(['expire_at', 'ip', 'token', 'user_agent'])
    expect((await t.post(EXCHANGE, { body })).status).toBe(404)
  })

  test('die after an hour', async () => {
    await withPush()
    const token = await validated()
    t.later(61 * 60_000)
    expect((await t.post(EXCHANGE, { body: { account_creation_request_token: token } })).status).toBe(404)
  })

  test('need no body, and lead to a page on the Space’s host', async () => {
    await withPush()
    const reply = await t.post(REQUEST, { headers: { host: 'localhost' } })
    expect(reply.status).toBe(201)
    expect(reply.json.validation_url).toBe(`http://localhost/creation_token/check/${reply.json.token}`)
  })

  test('of another Space are unknown', async () => {
    await withPush()
    const token = await validated()
    const reply = await t.post(EXCHANGE, { host: 'other.localhost', body: { account_creation_request_token: token } })
    expect(reply.status).toBe(404)
  })

  test('one of fifty simultaneous exchanges succeeds', async () => {
    await withPush()
    const body = { account_creation_request_token: await validated() }
    const replies = await Promise.all(Array.from({ length: 50 }, () => t.post(EXCHANGE, { body })))
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(replies.filter(({ status }) => status === 404)).toHaveLength(49)
  })
})

describe('registration with a creation token', () => {
  test('refuses rights, unknown and spent tokens, and leaves no trace', async () => {
    await withPush()
    const token = await creationToken()
    const before = await t.snapshot()
    const refusals: [Record<string, unknown>, string[]][] = [
      [{ admin: null }, ['admin']],
      [{ activated: true }, ['activated']],
      [{ username: undefined }, ['username']],
      [{ account_creation_token: undefined }, ['account_creation_token']],
      [{ account_creation_token: 'x'.repeat(13) }, ['account_creation_token']],
      [{ username: 'Upper-Case', password: 'x' }, ['username', 'password']],
    ]
    for (const [more, fields] of refusals) {
      const reply = await t.post(REGISTER, registration(token, more))
      expect([reply.status, Object.keys(reply.json.errors ?? {})]).toEqual([422, fields])
    }
    const unknown = await t.post(REGISTER, registration('x'.repeat(13)))
    expect(unknown.json.errors.account_creation_token).toHaveLength(2)
    expect(await t.snapshot()).toBe(before)
  })

  test('makes a plain, inactive account of the host’s Space and spends the token', async () => {
    await withPush()
    const token = await creationToken()
    const reply = await t.post(
      REGISTER,
      registration(token, { asAdmin: true, domain: 'sip.other.org', email: 'a@b.org' }),
    )
    expect(reply.status).toBe(200)
    expect(reply.json).toMatchObject({
      username: 'newcomer',
      domain: 'sip.example.org',
      activated: false,
      admin: false,
      email: null,
      user_agent: 'Example',
      passwords: [{ algorithm: 'SHA-256' }],
    })
    expect(reply.json.provisioning_token).toMatch(/^[A-Za-z0-9]{13}$/)
    expect((await t.post(REGISTER, registration(token, { username: 'newcomer2' }))).status).toBe(422)
  })

  test('is refused in a full Space before anything else', async () => {
    await withPush()
    const full = await t.space({ domain: 'sip.full.org', host: 'full.localhost', maxAccounts: 1 })
    await t.account({ space: full })
    expect((await t.post(REGISTER, { host: 'full.localhost', body: {} })).status).toBe(403)
  })

  test('one of fifty simultaneous redemptions makes an account', async () => {
    await withPush()
    const token = await creationToken()
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) => t.post(REGISTER, registration(token, { username: `newcomer${i}` }))),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(422)])
    expect(await t.db.read.select().from(t.db.tables.accounts)).toHaveLength(2)
  })

  test('takes an expired token for a refusal', async () => {
    await withPush({ APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES: '10' })
    const admin = await t.account({ admin: true })
    const made = (await t.post('/api/account_creation_tokens', { as: admin })).json
    expect(made.expire_at).toBe('2026-06-01T12:10:00.000000Z')
    t.later(11 * 60_000)
    const reply = await t.post(REGISTER, registration(made.token))
    expect(reply.json.errors.account_creation_token).toHaveLength(1)
  })
})

describe('consuming a creation token', () => {
  test('needs an account and an unused token, and works once', async () => {
    await withPush()
    const alice = await t.account({})
    const token = await creationToken()
    const consume = (as: typeof alice | undefined, body: unknown) =>
      t.post('/api/account_creation_tokens/consume', { ...(as && { as }), body })
    expect((await consume(undefined, { account_creation_token: token })).status).toBe(401)
    expect((await consume(alice, {})).status).toBe(404)
    expect((await consume(alice, { account_creation_token: 'unknown' })).status).toBe(404)
    const reply = await consume(alice, { account_creation_token: token })
    expect([reply.status, reply.json.used, reply.json.account_id]).toEqual([200, true, alice.id])
    expect((await consume(alice, { account_creation_token: token })).status).toBe(404)
  })
})

describe('tokens', () => {
  test('are letters and digits, evenly', async () => {
    await withPush()
    const counts = new Map<string, number>()
    const total = 62 * 2000
    for (let drawn = 0; drawn < total; drawn += 100) {
      for (const letter of t.parts.secrets.token(100)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect([...counts.keys()].sort().join('')).toBe('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
    // Chi-squared with 61 degrees of freedom: above 130 once in a million runs.
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)
    expect(chi).toBeLessThan(130)
  })
})
