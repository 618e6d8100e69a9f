import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { negotiateLanguage } from '../../src/messages/messages.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

describe('the Space of a request', () => {
  test('is found by its host, without the port and whatever the case', async () => {
    for (const host of ['localhost', 'localhost:8080', 'LOCALHOST']) {
      expect([host, (await t.get('/api/ping', { headers: { host } })).status]).toEqual([host, 200])
    }
    for (const host of ['unknown.localhost', '127.0.0.1', '']) {
      const reply = await t.get('/api/ping', { headers: { host } })
      expect([host, reply.status, reply.headers.get('content-type')]).toEqual([host, 404, 'application/json'])
    }
  })

  test('must lie under the root host, by a dot', async () => {
    await t.close()
    await start({ APP_ROOT_HOST: 'example.com' })
    await t.space({ domain: 'sip.evil.org', host: 'evil-example.com' })
    await t.space({ domain: 'sip.good.org', host: 'good.example.com' })
    expect((await t.get('/api/ping', { host: 'evil-example.com' })).status).toBe(503)
    expect((await t.get('/api/ping', { host: 'good.example.com' })).status).toBe(200)
    expect((await t.get('/up', { host: 'anything' })).status).toBe(200)
  })

  test('and the client’s address come from forwarding headers only behind a trusted proxy', async () => {
    const forwarded = {
      'x-forwarded-host': 'other.localhost',
      'x-forwarded-for': '203.0.113.5',
      'x-forwarded-proto': 'https',
    }
    const bob = await t.account({ space: t.other, admin: true })
    const list = () => t.get('/api/accounts', { as: bob, headers: forwarded, address: '10.0.0.1' })
    expect((await list()).status).toBe(403)
    await t.close()
    await start({ TRUSTED_PROXIES: '10.0.0.0/8' })
    const carol = await t.account({ space: t.other, admin: true })
    const reply = await t.get('/api/accounts', { as: carol, headers: forwarded, address: '::ffff:10.0.0.1' })
    expect([reply.status, reply.json.path]).toEqual([200, 'https://other.localhost/api/accounts'])
    const made = await t.post('/api/accounts', {
      as: carol,
      headers: { ...forwarded, 'x-forwarded-for': '198.51.100.1, 203.0.113.5, 10.9.9.9' },
      address: '10.0.0.1',
      body: { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5' },
    })
    expect(made.json.ip_address).toBe('203.0.113.5')
  })

  test('gives links their host; a port that nobody configured is not repeated', async () => {
    const path = async (host: string) => (await t.get('/api/accounts', { as: admin, headers: { host } })).json.path
    expect(await path('localhost:6666')).toBe('http://localhost/api/accounts')
    await t.close()
    await start({ PUBLIC_PORT: '6666' })
    expect(await path('localhost:6666')).toBe('http://localhost:6666/api/accounts')
  })
})

describe('a body', () => {
  const create = (body: string, headers: Record<string, string> = {}) =>
    t.post('/api/accounts', { as: admin, body, headers })
  const json = { 'content-type': 'application/json' }

  test('that is malformed JSON is refused before anybody is asked who they are', async () => {
    for (const type of ['application/json', 'application/vnd.x+json', '']) {
      const reply = await t.post('/api/accounts', {
        body: '{"a":',
        headers: type === '' ? {} : { 'content-type': type },
      })
      expect([type, reply.status, reply.json?.message?.startsWith('Invalid JSON: ')]).toEqual([type, 400, true])
    }
    expect((await t.post('/api/accounts/9/nothing', { body: '{"a":', headers: json })).status).toBe(404)
  })

  test('that is no object has no members', async () => {
    for (const body of ['[]', '"text"', '5', 'null', '']) {
      expect([body, (await create(body, json)).status]).toEqual([body, 422])
    }
  })

  test('may be a form, or JSON that curl calls a form', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const words = 'username=carol.1&password=correct-horse&algorithm=MD5&activated=1'
    expect((await create(words, form)).json.activated).toBe(true)
    const body = JSON.stringify({ username: 'carol.2', password: 'correct-horse', algorithm: 'MD5' })
    expect((await create(body, form)).status).toBe(200)
  })

  test('is trimmed, except for passwords', async () => {
    const body = { username: ' carol.1 ', password: ' correct-horse ', algorithm: 'MD5', email: '', display_name: '  ' }
    const made = await t.post('/api/accounts', { as: admin, body })
    expect(made.json).toMatchObject({ username: 'carol.1', email: null, display_name: null })
    const carol = { ...admin, username: 'carol.1', password: ' correct-horse ' }
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
  })

  test('beyond a megabyte is refused in our own words, announced or not', async () => {
    const huge = 'x'.repeat(1_100_000)
    expect((await create(huge, json)).status).toBe(413)
    const announced = await create('{}', { ...json, 'content-length': '2000000' })
    expect([announced.status, announced.headers.get('content-type')]).toEqual([413, 'application/json'])
  })

  test('with a NUL is refused, and so is a path', async () => {
    expect((await create('{"username":"a\\u0000b"}', json)).status).toBe(400)
    expect((await t.get('/api/accounts/a%00b@sip.example.org/search', { as: admin })).status).toBe(404)
  })
})

describe('a reply', () => {
  test('is exactly application/json when it is JSON, refusals included', async () => {
    const replies = await Promise.all([
      t.get('/api/accounts', { as: admin }),
      t.get('/api/accounts'),
      t.get('/api/nothing'),
      t.get('/provisioning/unknown-token'),
      t.post('/api/accounts', { as: admin, body: {} }),
      t.send('PATCH', '/api/ping'),
      t.get('/api/phone_countries'),
    ])
    for (const reply of replies) {
      expect([reply.status, reply.headers.get('content-type')]).toEqual([reply.status, 'application/json'])
      expect(reply.headers.get('cache-control')).toBe('no-cache, private')
    }
  })

  test('to a wrong method names the right ones', async () => {
    const reply = await t.send('PATCH', '/api/accounts/5', { as: admin, body: {} })
    expect([reply.status, reply.headers.get('allow')?.split(', ').sort()]).toEqual([
      405,
      ['DELETE', 'GET', 'HEAD', 'PUT'],
    ])
  })

  test('may be read by scripts of any origin, without cookies', async () => {
    const preflight = await t.send('OPTIONS', '/api/accounts', {
      headers: { origin: 'https://app.example', 'access-control-request-headers': 'x-api-key' },
    })
    expect([
      preflight.status,
      preflight.headers.get('access-control-allow-origin'),
      preflight.headers.get('access-control-allow-headers'),
    ]).toEqual([204, '*', 'x-api-key'])
    const reply = await t.get('/api/ping')
    expect([reply.text, reply.headers.get('access-control-allow-origin')]).toEqual(['pong', '*'])
    expect(reply.headers.get('access-control-allow-credentials')).toBeNull()
    await t.close()
    await start({ CORS_ALLOW_ORIGIN: 'https://app.example' })
    expect((await t.get('/api/ping')).headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect((await t.get('/api/accounts')).headers.get('access-control-allow-origin')).toBe('https://app.example')
  })

  test('to a HEAD has the headers of the GET and no body', async () => {
    const get = await t.get('/api/accounts', { as: admin })
    const head = await t.send('HEAD', '/api/accounts', { as: admin })
    expect([head.status, head.text, head.headers.get('content-type')]).toEqual([get.status, '', 'application/json'])
    expect((await t.send('HEAD', '/api/accounts')).status).toBe(401)
  })

  test('does not care about a trailing slash, and never breaks on a strange path', async () => {
    expect((await t.get('/api/ping/')).status).toBe(200)
    expect((await t.get('/api/accounts/me/', { as: admin })).status).toBe(200)
    for (const path of [
      '/api/accounts/%zz',
      '/api/accounts/%',
      '/api/accounts/%ff%fe',
      `/api/accounts/${'x'.repeat(5000)}`,
      '/api//accounts',
      '/%2e%2e/etc',
    ]) {
      const { status } = await t.get(path, { as: admin })
      expect([path.slice(0, 30), status >= 400 && status < 500]).toEqual([path.slice(0, 30), true])
    }
  })
})

describe('limits', () => {
  test('of volume are counted per account, else per address, and say so in every reply', async () => {
    await t.close()
    await start({ API_RATE_LIMIT_PER_MINUTE: '3' })
    const remaining = async (call = {}) => {
      const reply = await t.get('/api/accounts/me', call)
      return [reply.status, reply.headers.get('x-ratelimit-limit'), reply.headers.get('x-ratelimit-remaining')]
    }
    expect(await remaining({ as: admin })).toEqual([200, '3', '2'])
    expect(await remaining({ as: admin, address: '198.51.100.9' })).toEqual([200, '3', '1'])
    expect(await remaining({ as: admin })).toEqual([200, '3', '0'])
    const limited = await t.get('/api/accounts/me', { as: admin })
    expect([limited.status, limited.headers.get('x-ratelimit-remaining')]).toEqual([429, '0'])
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await remaining())[0]).toBe(401)
    expect((await t.get('/provisioning')).status).toBe(200)
  })

  const POSTS = [
    '/api/account_creation_request_tokens',
    '/api/account_creation_tokens/send-by-push',
    '/api/account_recovery_tokens/send-by-push',
    '/api/accounts/auth_token',
    '/api/tokens',
  ]
  for (const path of POSTS) {
    test(`stop a flood of POST ${path} from one address`, async () => {
      await t.close()
      await start({ AUTH_RATE_LIMIT_PER_MINUTE: '2' })
      const statuses = []
      for (let i = 0; i < 3; i++) statuses.push((await t.post(path, { body: {} })).status)
      expect(statuses[2]).toBe(429)
      expect(statuses.slice(0, 2)).not.toContain(429)
      expect((await t.post(path, { body: {}, address: '198.51.100.9' })).status).not.toBe(429)
    })
  }
})

describe('cookies', () => {
  test('authenticate, but no state change that another site asked for', async () => {
    const cookie = `x-api-key=${admin.key}`
    const create = (headers: Record<string, string>) =>
      t.post('/api/accounts', {
        headers: { cookie, ...headers },
        body: { username: `c.${Math.trunc(performance.now() * 1000)}`, password: 'correct-horse', algorithm: 'MD5' },
      })
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      expect([headers, (await create(headers)).status]).toEqual([headers, 403])
      expect((await t.get('/api/accounts/me/provision', { headers: { cookie, ...headers } })).status).toBe(403)
    }
    for (const headers of [{}, { origin: 'http://localhost' }, { 'sec-fetch-site': 'same-origin' }] as Record<
      string,
      string
    >[]) {
      expect([headers, (await create(headers)).status]).toEqual([headers, 200])
    }
    expect((await t.get('/api/accounts/me', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status).toBe(200)
  })
})

describe('the language', () => {
  const table: [string | null, string][] = [
    [null, 'en'],
    ['', 'en'],
    ['fr', 'fr'],
    ['FR', 'fr'],
    ['fr_FR', 'fr'],
    ['fr-CA', 'fr'],
    ['en-GB', 'en'],
    ['de', 'en'],
    ['*', 'en'],
    ['de, fr;q=0.3', 'fr'],
    ['en;q=0.1, fr;q=0.9', 'fr'],
    ['fr-CA, en;q=0.5', 'fr'],
    ['fr;q=0, en', 'en'],
    [';;;,=,fr', 'fr'],
    [`fr,${'x'.repeat(2000)}`, 'en'],
  ]
  for (const [header, language] of table) {
    test(`of ${String(header).slice(0, 30)} is ${language}`, () => {
      expect(negotiateLanguage(header)).toBe(language as 'en' | 'fr')
    })
  }
})

describe('API keys', () => {
  test('are counted without a write, then written together', async () => {
    const before = await t.snapshot()
    for (let i = 0; i < 3; i++) await t.get('/api/accounts/me', { as: admin })
    expect(await t.snapshot()).toBe(before)
    await t.parts.apiKeys.flush()
    const [key] = await t.db.read.select().from(t.db.tables.apiKeys)
    expect([key?.requests, key?.lastUsedAt]).toEqual([3, t.clock.now])
  })

  test('die of idleness, and win over From', async () => {
    expect((await t.get('/api/accounts/me', { as: admin, headers: { from: 'nonsense' } })).status).toBe(200)
    t.clock.now = new Date(t.clock.now.getTime() + 60 * 60_000 + 1)
    expect((await t.get('/api/accounts/me', { as: admin })).status).toBe(401)
    expect((await t.get('/api/accounts/me', { key: 'unknown' })).headers.get('www-authenticate')).toBeNull()
  })
})

test('no secret reaches a log line', async () => {
  const body = { username: 'carol.1', password: 'very-secret-password', algorithm: 'MD5' }
  const made = (await t.post('/api/accounts', { as: admin, body })).json
  const carol = { ...admin, ...body, key: '' }
  await t.digest(carol, 'GET', '/api/accounts/me')
  await t.digest({ ...carol, password: 'another-secret' }, 'GET', '/api/accounts/me')
  await t.get('/api/accounts/me', { key: 'an-unknown-key-1234567890' })
  await t.get(`/provisioning/${made.provisioning_token}`)
  const key = (await t.get('/api/accounts/me/api_key', { as: admin })).text
  const log = t.lines.join('\n')
  expect(t.lines.length).toBeGreaterThanOrEqual(4)
  const ha1 = Bun.MD5.hash('carol.1:sip.example.org:very-secret-password', 'hex')
  for (const secret of [
    'very-secret-password',
    'another-secret',
    'an-unknown-key-1234567890',
    made.provisioning_token,
    key,
    ha1,
    admin.key,
  ]) {
    expect(log).not.toContain(secret)
  }
})
