import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
const sent: string[] = []
const start = async (env: Record<string, string> = {}) => {
  sent.length = 0
  const push = {
    send: async (message: { payload: Readonly<Record<string, string>> | null }) =>
      void sent.push(message.payload?.token ?? ''),
  }
  t = await testApp({ env, push })
  admin = await t.account({ username: 'admin', admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

const device = { pn_provider: 'fcm', pn_param: 'project', pn_prid: 'device' }
const pending = async (more: Record<string, unknown> = {}) => {
  const body = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5', ...more }
  return (await t.post('/api/accounts', { as: admin, body })).json
}
const activate = (code: Record<string, unknown>, sip = 'carol.1@sip.example.org', kind = 'email') =>
  t.post(`/api/accounts/${encodeURIComponent(sip)}/activate/${kind}`, { body: code })

test('switched off, the paths of 2021 do not exist', async () => {
  await t.close()
  await start({ LEGACY_API: 'false' })
  for (const path of ['/api/tokens', '/api/accounts/with-token', '/api/accounts/a@b/activate/email']) {
    expect([404, 405]).toContain((await t.post(path, { body: {} })).status)
  }
  expect((await t.get('/api/accounts/1/activate', { as: admin })).status).toBe(405)
  const account = await pending()
  expect(Object.keys(account)).not.toContain('creation_time')
  expect(Object.keys(account)).not.toContain('confirmation_key')
})

test('shortcuts that gave away too much are as if they had never been', async () => {
  for (const path of ['/api/accounts/public', '/api/accounts/recover-by-phone']) {
    expect([path, (await t.post(path, { body: {} })).status]).toEqual([path, 404])
  }
})

describe('tokens by push', () => {
  test('need all three parameters, and throttle with 403 whatever the policy', async () => {
    await t.close()
    await start({ PUSH_TOKEN_POLICY: 'reference' })
    expect(Object.keys((await t.post('/api/tokens', { body: { pn_provider: 'fcm' } })).json.errors)).toEqual([
      'pn_param',
      'pn_prid',
    ])
    const reply = await t.post('/api/tokens', { body: device })
    expect([reply.status, reply.text, reply.headers.get('deprecation')]).toEqual([200, '', 'true'])
    expect(reply.headers.get('link')).toBe('</api/account_creation_tokens/send-by-push>; rel="successor-version"')
    expect((await t.post('/api/tokens', { body: device })).status).toBe(403)
  })

  test('of either generation make an account on the other’s path', async () => {
    await t.post('/api/tokens', { body: device })
    const body = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5', account_creation_token: sent[0] }
    expect((await t.post('/api/accounts/with-account-creation-token', { body })).status).toBe(200)
    await t.post('/api/account_creation_tokens/send-by-push', { body: { ...device, pn_prid: 'other' } })
    const old = {
      username: 'carol.2',
      password: 'correct-horse',
      algorithm: 'MD5',
      token: sent[1],
      domain: 'sip.example.org',
    }
    for (const [change, field] of [
      [{ algorithm: undefined }, 'algorithm'],
      [{ domain: 'sip.other.org' }, 'domain'],
      [{ token: 'x'.repeat(13) }, 'token'],
    ] as const) {
      const reply = await t.post('/api/accounts/with-token', { body: { ...old, ...change } })
      expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, [field]])
    }
    const made = await t.post('/api/accounts/with-token', { body: old })
    expect([made.status, made.json.activated, made.json.passwords]).toEqual([200, false, [{ algorithm: 'MD5' }]])
    const reused = await t.post('/api/accounts/with-token', { body: { ...old, username: 'carol.3' } })
    expect(Object.keys(reused.json.errors)).toEqual(['token'])
  })
})

describe('confirmation keys', () => {
  test('are shown to the administrator while pending, never to the account, and not for active ones', async () => {
    const account = await pending({ confirmation_key_expires: '2026-07-01 00:00:00' })
    expect(account.confirmation_key).toMatch(/^[A-Za-z0-9]{13}$/)
    expect(account.confirmation_key_expires).toBe('2026-07-01 00:00:00')
    const shown = (await t.get(`/api/accounts/${account.id}`, { as: admin })).json
    expect([shown.confirmation_key, shown.confirmation_key_expires]).toEqual([
      account.confirmation_key,
      '2026-07-01 00:00:00',
    ])
    const me = await t.digest({ ...admin, username: 'carol.1' }, 'GET', '/api/accounts/me')
    expect([me.json.confirmation_key, me.json.confirmation_key_expires]).toEqual([undefined, null])
    const active = await pending({
      username: 'carol.2',
      activated: true,
      confirmation_key_expires: '2026-07-01 00:00:00',
    })
    expect([active.confirmation_key, active.confirmation_key_expires]).toEqual([undefined, null])
    expect((await pending({ username: 'carol.3', confirmation_key_expires: '2026-07-01' })).errors).toHaveProperty(
      'confirmation_key_expires',
    )
  })

  test('activate once: unknown, wrong and spent keys are 404, a malformed one 422 under the name it had', async () => {
    const { confirmation_key: key } = await pending()
    expect((await activate({ code: key }, 'blabla@sip.example.org')).status).toBe(404)
    expect(Object.keys((await activate({ code: `${key}x` })).json.errors)).toEqual(['code'])
    expect(Object.keys((await activate({ confirmation_key: 'short' })).json.errors)).toEqual(['confirmation_key'])
    expect((await activate({ code: 'x'.repeat(13) })).status).toBe(404)
    const reply = await activate({ code: key })
    expect([reply.status, reply.json.activated]).toEqual([200, true])
    expect((await activate({ code: key })).status).toBe(404)
    expect((await t.get('/api/accounts/carol.1@sip.example.org/info')).json.activated).toBe(true)
  })

  test('expire with 403 and stay expired', async () => {
    const { confirmation_key: key } = await pending({ confirmation_key_expires: '2026-06-01 12:30:00' })
    t.clock.now = new Date('2026-06-01T12:30:01.000Z')
    for (let i = 0; i < 2; i++) expect((await activate({ code: key })).status).toBe(403)
  })

  test('cannot be guessed: after five failures 429, for accounts that do not exist as well', async () => {
    const { confirmation_key: key } = await pending()
    for (const sip of ['carol.1@sip.example.org', 'nobody@sip.example.org']) {
      for (let i = 0; i < 5; i++) expect((await activate({ code: `guess0000000${i}` }, sip)).status).toBe(404)
      const limited = await activate({ code: key }, sip)
      expect(limited.status).toBe(429)
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  })

  test('provision and activate, take the provisioning tokens along, and have a QR code', async () => {
    const account = await pending()
    const key = account.confirmation_key
    const picture = await t.get(`/provisioning/qrcode/${key}`)
    expect(picture.headers.get('x-qrcode-url')).toBe(`http://localhost/provisioning/${key}`)
    const reply = await t.get(`/provisioning/${key}`)
    expect([reply.status, reply.text.includes('ha1')]).toEqual([200, true])
    expect((await t.get(`/api/accounts/${account.id}`, { as: admin })).json.activated).toBe(true)
    expect((await t.get(`/provisioning/${account.provisioning_token}`)).status).toBe(404)
    const late = await pending({ username: 'carol.2', confirmation_key_expires: '2026-06-01 11:00:00' })
    const expired = await t.get(`/provisioning/${late.confirmation_key}`)
    expect([expired.status, expired.json.message]).toEqual([404, 'This provisioning token has expired.'])
  })

  test('that were spent are remembered: a phone that asks again gets the base document, and nobody’s account', async () => {
    const base = (await t.get('/provisioning')).text
    const { confirmation_key: key } = await pending()
    const other = await pending({ username: 'carol.2' })
    await t.get(`/provisioning/${key}`)
    await t.post(`/api/accounts/${other.id}/activate`, { as: admin })
    const before = await t.snapshot()
    for (const spent of [key, other.confirmation_key]) {
      for (let i = 0; i < 2; i++) {
        const reply = await t.get(`/provisioning/${spent}`)
        expect([reply.status, reply.text, reply.headers.get('content-type')]).toEqual([200, base, 'application/xml'])
      }
      expect((await t.send('HEAD', `/provisioning/${spent}`)).status).toBe(200)
      expect((await t.get(`/provisioning/qrcode/${spent}`)).status).toBe(404)
      expect((await t.get(`/provisioning/${spent}`, { host: 'other.localhost' })).status).toBe(404)
    }
    expect((await t.get(`/provisioning/${'x'.repeat(13)}`)).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
    await t.send('DELETE', `/api/accounts/${other.id}`, { as: admin })
    expect((await t.get(`/provisioning/${other.confirmation_key}`)).status).toBe(404)
  })

  test('set one phone up when two ask at the same time; the other gets the base document', async () => {
    const { confirmation_key: key } = await pending()
    const replies = await Promise.all(Array.from({ length: 10 }, () => t.get(`/provisioning/${key}`)))
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(replies.filter(({ text }) => text.includes('ha1'))).toHaveLength(1)
  })

  test('die with any activation', async () => {
    const account = await pending()
    await t.post(`/api/accounts/${account.id}/activate`, { as: admin })
    expect((await activate({ code: account.confirmation_key })).status).toBe(404)
  })
})

describe('activation by GET', () => {
  test('works for administrators with a key, not with a cookie, and a HEAD does nothing', async () => {
    const { id } = await pending()
    const user = await t.account({})
    expect((await t.get(`/api/accounts/${id}/activate`)).status).toBe(401)
    expect((await t.get(`/api/accounts/${id}/activate`, { as: user })).status).toBe(403)
    const cookie = { cookie: `x-api-key=${admin.key}` }
    expect((await t.get(`/api/accounts/${id}/activate`, { headers: cookie })).status).toBe(403)
    await t.send('HEAD', `/api/accounts/${id}/activate`, { as: admin })
    expect((await t.get(`/api/accounts/${id}`, { as: admin })).json.activated).toBe(false)
    const reply = await t.get(`/api/accounts/${id}/activate`, { as: admin })
    expect([reply.json.activated, reply.headers.get('deprecation')]).toEqual([true, 'true'])
    expect((await t.get(`/api/accounts/${id}/deactivate`, { as: admin })).json.activated).toBe(false)
  })
})
