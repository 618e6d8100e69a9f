import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import type { Call, TestAccount, TestApp } from '../support/app.ts'
import { testApp } from '../support/app.ts'
import { MINUTE_MS } from '../support/time.ts'

const ME = '/api/accounts/me'
const KEY = /^[A-Za-z0-9]{40}$/

let t: TestApp
let alice: TestAccount
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())
beforeEach(async () => {
  alice = await t.account()
})

const cookie = (key: string, headers: Record<string, string> = {}): Call => ({
  headers: { cookie: `a=b; x-api-key=${key}; c=d`, ...headers },
})
const rowOf = async (account: TestAccount) => {
  const { apiKeys } = t.db.tables
  const [row] = await t.db.read.select().from(apiKeys).where(eq(apiKeys.accountId, account.id))
  return row
}
const adminMade = async (account: TestAccount, minutes: number) => {
  const key = t.parts.secrets.token(40)
  const stamps = { lastUsedAt: t.clock.now, createdAt: t.clock.now, updatedAt: t.clock.now }
  const row = { accountId: account.id, key: t.parts.secrets.hash(key), expiresAfterLastUsedMinutes: minutes, ...stamps }
  await t.db.transaction((tx) => tx.insert(t.db.tables.apiKeys).values(row).returning())
  return key
}

describe('a key is refused, without a challenge,', () => {
  const refused = async (call: Call) => {
    const reply = await t.get(ME, call)
    expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, null])
    expect(typeof reply.json.message).toBe('string')
  }

  for (const key of ['unknown', '', ' ', 'x'.repeat(5000), "' or 1=1 --", '%00', 'é']) {
    test(`when it is ${JSON.stringify(key.slice(0, 20))}`, () => refused({ key }))
  }

  test('in another case', () => refused({ key: alice.key.toUpperCase() }))

  test('as its stored hash', () => refused({ key: t.parts.secrets.hash(alice.key) }))

  test('sent twice, in one line or in two', () => refused({ key: `${alice.key}, ${alice.key}` }))

  test('from another address than the one it is bound to', async () => {
    const own = await t.get(`${ME}/api_key`, { as: alice, address: '192.0.2.7' })
    await refused({ key: own.text, address: '198.51.100.9' })
    await refused({ ...cookie(own.text), address: '198.51.100.9' })
    expect((await t.get(ME, { key: own.text, address: '192.0.2.7' })).status).toBe(200)
  })

  test('after an hour without use, not while it is used', async () => {
    for (let i = 0; i < 3; i++) {
      t.later(60 * MINUTE_MS)
      expect((await t.get(ME, { as: alice })).status).toBe(200)
      if (i === 1) await t.parts.apiKeys.flush()
    }
    t.later(61 * MINUTE_MS)
    await refused({ as: alice })
    await refused({ as: alice })
  })

  test('after the idle time that an administrator gave it; 0 is never', async () => {
    const [short, endless] = [await adminMade(alice, 5), await adminMade(alice, 0)]
    t.later(5 * MINUTE_MS)
    expect((await t.get(ME, { key: short })).status).toBe(200)
    t.later(6 * MINUTE_MS)
    await refused({ key: short })
    t.later(60 * 24 * 365 * MINUTE_MS)
    expect((await t.get(ME, { key: endless })).status).toBe(200)
  })

  test('even when a digest or a good cookie is beside it: the header is final', async () => {
    await refused({ key: 'unknown', headers: { from: `sip:${alice.username}@sip.example.org` } })
    await refused({ key: 'unknown', ...cookie(alice.key) })
    const digest = await t.digest(alice, 'GET', ME, { key: 'unknown' })
    expect([digest.status, digest.headers.get('www-authenticate')]).toEqual([401, null])
  })

  test('with the account it belonged to', async () => {
    expect((await t.get(ME, { as: alice })).status).toBe(200)
    expect((await t.delete(ME, { as: alice })).status).toBe(200)
    await refused({ as: alice })
  })
})

describe('a key', () => {
  test('is its account, whatever From and Authorization say', async () => {
    const bob = await t.account()
    for (const headers of [
      { from: `sip:${bob.username}@sip.example.org` },
      { from: 'nonsense' },
      { from: 'sip:nobody@nowhere.example' },
      { authorization: 'Basic abc' },
      { authorization: 'Bearer abc', from: `sip:${bob.username}@sip.example.org` },
    ]) {
      const reply = await t.get(ME, { as: alice, headers })
      expect([reply.status, reply.json.id, reply.headers.get('www-authenticate')]).toEqual([200, alice.id, null])
    }
  })

  test('is read from the cookie too, on the API and at the root', async () => {
    expect((await t.get(ME, cookie(alice.key))).json.id).toBe(alice.id)
    expect((await t.get('/provisioning/me', cookie(alice.key))).status).toBe(200)
  })

  test('is stored in no table in clear', async () => {
    const own = await t.get(`${ME}/api_key`, { as: alice })
    const dump = await t.snapshot()
    expect(dump).toContain(t.parts.secrets.hash(own.text))
    expect(dump).not.toContain(own.text)
    expect(dump).not.toContain(alice.key)
  })

  test('costs no write when it is used, and is counted exactly afterwards', async () => {
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    for (let i = 0; i < 3; i++) expect((await t.get(ME, { as: alice })).status).toBe(200)
    expect(await t.snapshot()).toBe(before)
    t.later(MINUTE_MS)
    await t.get(ME, { as: alice })
    await t.get(ME, { as: alice, address: '198.51.100.9' })
    await t.get(ME, { key: 'unknown' })
    await Promise.all([t.parts.apiKeys.flush(), t.parts.apiKeys.flush()])
    await t.parts.apiKeys.flush()
    expect(await rowOf(alice)).toMatchObject({ requests: 5, lastUsedAt: t.clock.now })
  })

  test('keeps its uses when they cannot be written', async () => {
    for (let i = 0; i < 3; i++) await t.get(ME, { as: alice })
    const { transaction } = t.db
    Object.assign(t.db, { transaction: () => Promise.reject(new Error('the disk is full')) })
    await expect(t.parts.apiKeys.flush()).rejects.toThrow('the disk is full')
    Object.assign(t.db, { transaction })
    await t.get(ME, { as: alice })
    await t.parts.apiKeys.flush()
    expect((await rowOf(alice))?.requests).toBe(4)
  })

  test('is neither idle nor uncounted while its last use is being written', async () => {
    t.later(60 * MINUTE_MS)
    await t.get(ME, { as: alice })
    t.later(MINUTE_MS)
    const flushing = t.parts.apiKeys.flush()
    const reply = await t.get(ME, { as: alice })
    await flushing
    await t.parts.apiKeys.flush()
    expect([reply.status, (await rowOf(alice))?.requests]).toEqual([200, 2])
  })
})

describe('making a key of one’s own', () => {
  test('kills the one before, and leaves those that an administrator made', async () => {
    const made = await adminMade(alice, 0)
    const first = await t.get(`${ME}/api_key`, { as: alice })
    expect(first.text).toMatch(KEY)
    expect((await t.get(ME, { as: alice })).status).toBe(401)
    const second = await t.digest(alice, 'GET', `${ME}/api_key`)
    expect(second.text).toMatch(KEY)
    expect((await t.get(ME, { key: first.text })).status).toBe(401)
    for (const key of [second.text, made]) expect((await t.get(ME, { key })).status).toBe(200)
  })

  test('twenty times at once leaves exactly one that works', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => t.digest(alice, 'GET', `${ME}/api_key`)))
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200))
    const alive = await Promise.all(replies.map(async ({ text }) => (await t.get(ME, { key: text })).status))
    expect(alive.filter((status) => status === 200)).toHaveLength(1)
  })

  test('sets it as a cookie that no script reads and that lives as long as the key', async () => {
    const reply = await t.get(`${ME}/api_key`, { as: alice })
    expect(reply.headers.get('set-cookie')).toBe(
      `x-api-key=${reply.text}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax`,
    )
    expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect((await t.get(ME, cookie(reply.text))).status).toBe(200)
  })

  test('adds Secure behind a proxy that speaks https, and no Max-Age when keys live for ever', async () => {
    const env = { TRUSTED_PROXIES: '192.0.2.0/24', APP_API_KEY_EXPIRATION_MINUTES: '0' }
    const other = await testApp({ env })
    const bob = await other.account()
    const reply = await other.get(`${ME}/api_key`, { as: bob, headers: { 'x-forwarded-proto': 'https' } })
    expect(reply.headers.get('set-cookie')).toBe(`x-api-key=${reply.text}; Path=/; HttpOnly; SameSite=Lax; Secure`)
    other.clock.now = new Date('2036-01-01T00:00:00Z')
    expect((await other.get(ME, { key: reply.text })).status).toBe(200)
    await other.close()
  })
})

describe('a cookie from another site', () => {
  const elsewhere: [string, Record<string, string>][] = [
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of our host', { origin: 'http://localhost:8081' }],
    ['another scheme', { origin: 'https://localhost' }],
    ['an opaque origin', { origin: 'null' }],
    ['a browser that says cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['a browser that says same-site', { 'sec-fetch-site': 'same-site', origin: 'http://localhost' }],
  ]
  for (const [name, headers] of elsewhere) {
    test(`changes nothing: ${name}`, async () => {
      const root = await t.account({ admin: true })
      const before = await t.snapshot()
      const call = cookie(root.key, headers)
      const outcomes = [
        await t.delete(ME, call),
        await t.post('/api/account_creation_tokens', call),
        await t.put(`/api/accounts/${alice.id}`, { ...call, body: { display_name: 'x' } }),
        // These change something though they are GETs.
        await t.get(`${ME}/provision`, call),
        await t.get(`${ME}/api_key`, call),
        await t.get(`/api/accounts/${alice.id}/provision`, call),
        await t.get(`/api/accounts/${alice.id}/activate`, call),
        await t.get('/api/accounts/auth_token/abc/attach', call),
      ]
      expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill(403))
      expect(await t.snapshot()).toBe(before)
    })
  }

  test('may read, as cross-origin scripts see no reply that needs a cookie', async () => {
    const reply = await t.get(ME, cookie(alice.key, { 'sec-fetch-site': 'cross-site' }))
    expect([reply.status, reply.headers.get('access-control-allow-credentials')]).toEqual([200, null])
  })

  test('does not matter when the key stands in a header, which no browser adds by itself', async () => {
    const headers = { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }
    expect((await t.get(`${ME}/provision`, { as: alice, headers })).status).toBe(200)
  })

  test('is not one from our own pages', async () => {
    for (const headers of [
      { origin: 'http://localhost' },
      { 'sec-fetch-site': 'same-origin', origin: 'http://localhost' },
      { 'sec-fetch-site': 'none' },
      {},
    ]) {
      expect((await t.get(`${ME}/provision`, cookie(alice.key, headers))).status).toBe(200)
    }
  })
})
