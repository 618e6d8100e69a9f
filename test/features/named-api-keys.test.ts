import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type Call, type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { DAY_MS, MINUTE_MS } from '../support/time.ts'

const KEYS = '/api/api_keys'
const ME = '/api/accounts/me'

let t: TestApp
let alice: TestAccount
let admin: TestAccount
let root: TestAccount
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())
beforeEach(async () => {
  t.lines.length = 0
  alice = await t.account()
  admin = await t.account({ space: t.other, admin: true })
  root = await t.account({ admin: true })
})

const hostOf = (who: TestAccount) => (who.domain === t.other.domain ? t.other.host : 'localhost')
const call = (who: TestAccount, more: Call = {}): Call => ({ as: who, host: hostOf(who), ...more })
const make = (who: TestAccount, body: object, more: Call = {}) => t.post(KEYS, call(who, { body, ...more }))

interface Made {
  readonly id: number
  readonly key: string
}
const made = async (who: TestAccount, body: object = {}): Promise<Made> => {
  const { status, text, json } = await make(who, { name: 'Integration', ...body })
  if (status !== 201) throw new Error(text)
  return json
}
const statusOf = async (key: string, more: Call = {}) => (await t.get(ME, { key, ...more })).status

/** Asks, and holds that nothing has changed. */
const changesNothing = async (ask: () => Promise<Reply>): Promise<Reply> => {
  await t.parts.apiKeys.flush()
  const before = await t.snapshot()
  const reply = await ask()
  await t.parts.apiKeys.flush()
  const counted = /"requests":\d+,"lastUsedAt":"[^"]*","lastUsedAddress":("[^"]*"|null)/g
  expect((await t.snapshot()).replace(counted, '')).toBe(before.replace(counted, ''))
  return reply
}

describe('a named key is not made', () => {
  test('for nobody', async () => {
    expect((await changesNothing(() => t.post(KEYS, { body: { name: 'Integration' } }))).status).toBe(401)
  })

  const wrong: readonly [string, object][] = [
    ['name', {}],
    ['name', { name: 'ab' }],
    ['name', { name: '  ' }],
    ['name', { name: 'x'.repeat(101) }],
    ['name', { name: 'a\u0007bc' }],
    ['scope', { name: 'Integration', scope: 'everything' }],
    ['scope', { name: 'Integration', scope: 'FULL' }],
    ['networks', { name: 'Integration', networks: ['10.0.0.0/33'] }],
    ['networks', { name: 'Integration', networks: ['example.org'] }],
    ['networks', { name: 'Integration', networks: [10] }],
    ['networks', { name: 'Integration', networks: { a: '10.0.0.0/8' } }],
    ['networks', { name: 'Integration', networks: Array(33).fill('10.0.0.1') }],
    ['expires_after_last_used_minutes', { name: 'Integration', expires_after_last_used_minutes: -1 }],
    ['expires_after_last_used_minutes', { name: 'Integration', expires_after_last_used_minutes: 1.5 }],
    ['expire_at', { name: 'Integration', expire_at: '2026-06-01' }],
    ['expire_at', { name: 'Integration', expire_at: '2026-02-30' }],
  ]
  for (const [member, body] of wrong) {
    test(`with ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const { status, json } = await changesNothing(() => make(alice, body))
      expect([status, Object.keys(json.errors)]).toEqual([422, [member]])
    })
  }

  test('with the scope scim, whose name is reserved', async () => {
    const reply = await changesNothing(() => make(alice, { name: 'Directory', scope: 'scim' }))
    expect([reply.status, reply.json.message]).toEqual([422, 'The scope scim is reserved: there is no SCIM here yet.'])
  })

  test('by a key with a name, whatever its scope; nor is the account’s own key, nor a device that could make one', async () => {
    const { token } = (await t.post('/api/accounts/auth_token')).json
    for (const scope of ['full', 'read', 'telephony', 'provisioning']) {
      const { key } = await made(root, { scope })
      const named = await changesNothing(() => t.post(KEYS, { key, body: { name: 'Another one' } }))
      const own = await changesNothing(() => t.get(`${ME}/api_key`, { key }))
      const lent = await changesNothing(() => t.get(`/api/accounts/auth_token/${token}/attach`, { key }))
      expect([scope, named.status, own.status, lent.status]).toEqual([scope, 403, 403, 403])
      if (scope === 'full') expect(named.json.message).toContain('An API key with a name cannot make API keys')
    }
  })

  test('when the account has twenty, however many ask at once', async () => {
    const replies = await Promise.all(Array.from({ length: 25 }, (_, n) => make(alice, { name: `Program ${n}` })))
    expect(replies.map(({ status }) => status).sort()).toEqual([...Array(20).fill(201), ...Array(5).fill(409)])
    const reply = await changesNothing(() => make(alice, { name: 'One more' }))
    expect(reply.json.message).toBe('An account has at most 20 API keys with a name. Revoke one first.')
    const [first] = (await t.get(KEYS, { as: alice })).json.data
    await t.delete(`${KEYS}/${first.id}`, { as: alice })
    expect((await make(alice, { name: 'One more' })).status).toBe(201)
  })
})

describe('a named key', () => {
  test('is shown once, and afterwards only how it begins', async () => {
    const reply = await make(alice, { name: 'Flexisip' })
    const { key, ...known } = reply.json
    expect([reply.status, reply.headers.get('cache-control')]).toEqual([201, 'no-store, private'])
    expect(key).toMatch(/^[A-Za-z0-9]{40}$/)
    expect(known).toEqual({
      id: expect.any(Number),
      name: 'Flexisip',
      prefix: key.slice(0, 6),
      scope: 'read',
      networks: [],
      expires_after_last_used_minutes: 0,
      expire_at: null,
      requests: 0,
      last_used_at: null,
      last_used_address: null,
      created_at: '2026-06-01T12:00:00.000000Z',
      account: { id: alice.id, username: alice.username, domain: alice.domain },
    })
    expect((await t.get(`${KEYS}/${known.id}`, { as: alice })).json).toEqual(known)
    const dump = `${await t.snapshot()}${t.lines.join('\n')}`
    expect(dump).toContain(t.parts.secrets.hash(key))
    expect(dump).not.toContain(key)
  })

  test('is one of many, and none of them is the account’s own key', async () => {
    const [first, second] = [await made(alice), await made(alice)]
    const own = await t.get(`${ME}/api_key`, { as: alice })
    for (const key of [first.key, second.key, own.text]) expect(await statusOf(key)).toBe(200)
    await t.delete(`${KEYS}/${first.id}`, { key: own.text })
    expect([await statusOf(first.key), await statusOf(second.key), await statusOf(own.text)]).toEqual([401, 200, 200])
  })

  test('dies when it was idle for too long, and never where nothing is said', async () => {
    const [short, endless] = [await made(alice, { expires_after_last_used_minutes: 5 }), await made(alice)]
    t.later(5 * MINUTE_MS)
    expect(await statusOf(short.key)).toBe(200)
    t.later(6 * MINUTE_MS)
    expect(await statusOf(short.key)).toBe(401)
    t.later(400 * DAY_MS)
    expect(await statusOf(endless.key)).toBe(200)
  })

  test('dies on its day, however much it is used', async () => {
    const day = new Date(t.clock.now.getTime() + DAY_MS).toISOString()
    const { key } = await made(alice, { expire_at: day })
    for (const _ of [1, 2]) {
      t.later(DAY_MS / 2 - 1)
      expect(await statusOf(key)).toBe(200)
    }
    t.later(2)
    expect(await statusOf(key)).toBe(401)
  })

  test('that is unknown, idle, ended or revoked is refused in the very same words, and without a challenge', async () => {
    const end = new Date(t.clock.now.getTime() + DAY_MS).toISOString()
    const idle = await made(alice, { expires_after_last_used_minutes: 1 })
    const ended = await made(alice, { expire_at: end, networks: ['203.0.113.0/24'] })
    const revoked = await made(alice)
    await t.delete(`${KEYS}/${revoked.id}`, { as: alice })
    t.later(2 * DAY_MS)
    const replies = []
    for (const key of ['unknown', idle.key, ended.key, revoked.key]) replies.push(await t.get(ME, { key }))
    for (const { status, text, headers } of replies) {
      expect([status, text, headers.get('www-authenticate')]).toEqual([401, replies[0]?.text ?? '', null])
    }
  })

  test('from another network is 403, also by an IPv4 address that is written as IPv6', async () => {
    const networks = ['10.1.2.3/8', '2001:DB8::/32', '10.0.0.0/8']
    const { id, key } = await made(alice, { networks })
    expect((await t.get(`${KEYS}/${id}`, { as: alice })).json.networks).toEqual(['10.0.0.0/8', '2001:db8::/32'])
    for (const address of ['10.255.0.1', '::ffff:10.0.0.9', '2001:db8:ffff::1']) {
      expect([address, await statusOf(key, { address })]).toEqual([address, 200])
    }
    for (const address of ['11.0.0.1', '192.0.2.7', '2001:db9::1', '::ffff:11.0.0.1']) {
      expect([address, await statusOf(key, { address })]).toEqual([address, 403])
    }
    const reply = await t.get(ME, { key, headers: { 'accept-language': 'fr' } })
    expect(reply.json.message).toBe('Cette clé d’API ne fonctionne pas depuis ce réseau.')
    expect(t.logged('other_network').length).toBeGreaterThan(0)
  })

  test('knows its clients by what a trusted proxy says, and by nothing that anybody may write', async () => {
    const other = await testApp({ env: { TRUSTED_PROXIES: '192.0.2.0/24' } })
    const bob = await other.account()
    const { key } = (await other.post(KEYS, { as: bob, body: { name: 'Behind', networks: '10.0.0.0/8' } })).json
    const from = (address: string, forwarded: string) =>
      other.get(ME, { key, address, headers: { 'x-forwarded-for': forwarded } })
    expect((await from('192.0.2.7', '10.0.0.1')).status).toBe(200)
    expect((await from('198.51.100.1', '10.0.0.1')).status).toBe(403)
    expect((await from('192.0.2.7', '10.0.0.1, 198.51.100.1')).status).toBe(403)
    await other.close()
  })

  test('writes nothing when it is used, and is known to have been used at once', async () => {
    const { id, key } = await made(alice)
    const before = await t.snapshot()
    t.later(MINUTE_MS)
    for (const _ of [1, 2, 3]) expect(await statusOf(key, { address: '198.51.100.9' })).toBe(200)
    expect(await t.snapshot()).toBe(before)
    const used = { requests: 3, last_used_at: '2026', last_used_address: '198.51.100.9' }
    const known = async () => {
      const { requests, last_used_at, last_used_address } = (await t.get(`${KEYS}/${id}`, { as: alice })).json
      return { requests, last_used_at: last_used_at.slice(0, 4), last_used_address }
    }
    const year = t.clock.now.toISOString().slice(0, 4)
    expect(await known()).toEqual({ ...used, last_used_at: year })
    await t.parts.apiKeys.flush()
    expect(await known()).toEqual({ ...used, last_used_at: year })
  })

  test('is counted against a limit of its own', async () => {
    const limited = await testApp({ env: { API_RATE_LIMIT_PER_MINUTE: '3' } })
    const bob = await limited.account()
    const keys = []
    for (const name of ['First', 'Second']) {
      const body = { name }
      keys.push((await limited.digest(bob, 'POST', KEYS, { body, address: `198.51.100.${keys.length}` })).json.key)
    }
    const statuses = async (key: string) => {
      const all = []
      for (const _ of [1, 2, 3, 4]) all.push((await limited.get(ME, { key })).status)
      return all
    }
    expect(await statuses(keys[0])).toEqual([200, 200, 200, 429])
    expect(await statuses(keys[1])).toEqual([200, 200, 200, 429])
    await limited.close()
  })
})

describe('the owner of a named key', () => {
  const scope = { scope: 'full' }

  test('is blocked, switched off or deleted: the key stops at once', async () => {
    for (const [end, expected] of [
      [() => t.post(`/api/accounts/${alice.id}/block`, { as: root }), 403],
      [() => t.post(`/api/accounts/${alice.id}/deactivate`, { as: root }), 403],
      [() => t.delete(`/api/accounts/${alice.id}`, { as: root }), 401],
    ] as const) {
      alice = await t.account()
      const { key } = await made(alice, scope)
      expect(await statusOf(key)).toBe(200)
      expect((await end()).status).toBe(200)
      expect(await statusOf(key)).toBe(expected)
    }
  })

  test('is opened again: the key stays worth nothing', async () => {
    const { key } = await made(alice, scope)
    await t.post(`/api/accounts/${alice.id}/block`, { as: root })
    await t.post(`/api/accounts/${alice.id}/unblock`, { as: root })
    expect([(await t.digest(alice, 'GET', ME)).status, await statusOf(key)]).toEqual([200, 401])
  })

  test('is an administrator no more, or becomes one: no key gets other rights than it was made with', async () => {
    const rights = async (who: TestAccount, admin: boolean) => {
      const body = { username: who.username, admin, algorithm: 'SHA-256' }
      expect((await t.put(`/api/accounts/${who.id}`, { as: root, body })).status).toBe(200)
    }
    const second = await t.account({ admin: true })
    const { key } = await made(second, scope)
    expect((await t.get('/api/accounts', { key })).status).toBe(200)
    await rights(second, false)
    expect((await t.get('/api/accounts', { key })).status).toBe(401)

    const plain = await made(alice, scope)
    await t.parts.administrators.set(`${alice.username}@${alice.domain}`, true)
    expect((await t.get('/api/accounts', { key: plain.key })).status).toBe(401)
  })

  test('goes to another Space: the key does not come along', async () => {
    const { key } = await made(alice, scope)
    const body = { username: alice.username, domain: t.other.domain, password: 'correct-horse', algorithm: 'SHA-256' }
    expect((await t.put(`/api/accounts/${alice.id}`, { as: root, body })).status).toBe(200)
    expect(await statusOf(key, { host: t.other.host })).toBe(401)
  })

  test('has a new password: programs go on', async () => {
    const { key } = await made(alice, scope)
    const body = { algorithm: 'SHA-256', old_password: alice.password, password: 'battery-staple' }
    expect((await t.post(`${ME}/password`, { as: alice, body })).status).toBe(200)
    expect([await statusOf(alice.key), await statusOf(key)]).toEqual([401, 200])
  })
})

describe('a key that is limited', () => {
  test('is shown nothing that opens an account', async () => {
    const bob = await t.account({ space: t.other, email: 'bob@example.org', phone: '+33612345678' })
    const carol = await t.account({ space: t.other })
    await t.post(`/api/accounts/${carol.id}/contacts/${bob.id}`, call(admin))
    const secrets = (await t.get(`/api/accounts/${bob.id}`, call(admin))).json
    expect(secrets.provisioning_token).toMatch(/^\w{13}$/)
    const sip = `${bob.username}@${bob.domain}`
    const asked = [
      `/api/accounts/${bob.id}`,
      '/api/accounts?per_page=100',
      `/api/accounts/${carol.id}/contacts`,
      `/api/accounts/${carol.id}/contacts/${bob.id}`,
      `/api/accounts/${sip}/search`,
      `/api/resolve/${sip}`,
      '/api/accounts/bob@example.org/search-by-email',
    ]
    const { key: reading } = await made(admin, { scope: 'read' })
    const { key: telephony } = await made(admin, { scope: 'telephony' })
    const { key: full } = await made(admin, { scope: 'full' })
    const ask = (key: string, path: string) => t.get(path, { key, host: t.other.host })
    for (const path of asked) {
      const { status, text } = await ask(reading, path)
      expect([path, status, text.includes(secrets.provisioning_token)]).toEqual([path, 200, false])
      expect([path, (await ask(full, path)).text.includes(secrets.provisioning_token)]).toEqual([path, true])
    }
    for (const path of asked.filter((path) => path.endsWith('/search') || path.startsWith('/api/resolve'))) {
      const { status, text } = await ask(telephony, path)
      expect([path, status, text.includes(secrets.provisioning_token)]).toEqual([path, 200, false])
    }
    const { key } = (await t.post(KEYS, { as: bob, host: t.other.host, body: { name: 'Own program' } })).json
    expect((await ask(key, ME)).json).toMatchObject({ id: bob.id, provisioning_token: null })
  })

  test('to provisioning sets up people, and no administrator', async () => {
    const { key } = await made(root, { scope: 'provisioning' })
    const link = (id: number) => t.post('/api/wizard', { key, body: { provisioning_account_id: id } })
    expect((await t.get(`/api/accounts/${alice.id}/provision`, { key })).json.provisioning_token).toMatch(/^\w{13}$/)
    expect((await link(alice.id)).status).toBe(201)
    for (const ask of [() => t.get(`/api/accounts/${root.id}/provision`, { key }), () => link(root.id)]) {
      const reply = await changesNothing(ask)
      expect([reply.status, reply.json.message]).toEqual([
        403,
        'With the scope provisioning, administrators cannot be set up: whoever gets the link could do all that they may.',
      ])
    }
    expect((await t.get(`/api/accounts/${root.id}/provision`, { as: root })).status).toBe(200)
  })

  test('does no more than its owner, whatever its scope', async () => {
    const { key } = await made(alice, { scope: 'telephony' })
    const reply = await t.get(`/api/resolve/${alice.username}@${alice.domain}`, { key })
    expect([reply.status, reply.json.message]).toEqual([403, 'Only an administrator may do this.'])
  })

  test('is told what is missing, in its own language', async () => {
    const { key } = await made(root, { scope: 'read' })
    const en = await t.post('/api/accounts', { key, body: {} })
    expect([en.status, en.json.message]).toEqual([
      403,
      'The scope of this API key, read, is too small: this takes full.',
    ])
    const headers = { 'accept-language': 'fr' }
    const fr = await t.post('/api/statistics/calls', { key, headers, body: {} })
    expect(fr.json.message).toBe('La portée de cette clé d’API, read, ne suffit pas : il faut full, ou telephony.')
    expect(t.logged('admin.denied').filter((line) => line.includes('scope'))).toHaveLength(2)
  })
})

describe('whose keys somebody sees', () => {
  const ids = async (who: TestAccount, query = '') =>
    (await t.get(`${KEYS}?per_page=100${query}`, call(who))).json.data.map(({ id }: Made) => id)

  test('one’s own; an administrator those of the Space; a super administrator all', async () => {
    const bob = await t.account({ space: t.other })
    const own = (await made(alice)).id
    const theirs = (await made(bob)).id
    const admins = (await made(admin)).id
    expect(await ids(alice)).toEqual([own])
    expect(await ids(bob)).toEqual([theirs])
    const ofSpace = await ids(admin)
    expect(ofSpace).toEqual(expect.arrayContaining([theirs, admins]))
    expect(ofSpace).not.toContain(own)
    expect(await ids(root)).toEqual(expect.arrayContaining([own, theirs, admins]))
    const ofOther = await ids(root, `&domain=${t.other.domain}`)
    expect(ofOther).toEqual(ofSpace)
    expect(await ids(root, `&account_id=${alice.id}`)).toEqual([own])
    expect(await ids(admin, `&account_id=${bob.id}`)).toEqual([theirs])
    // Filters only narrow.
    expect(await ids(admin, `&domain=${t.main.domain}`)).toEqual([])
    expect(await ids(alice, `&account_id=${bob.id}`)).toEqual([])
  })

  test('of others never more than what is known of the key', async () => {
    const bob = await t.account({ space: t.other })
    const { id, key } = await made(bob, { name: 'Of somebody else' })
    const { text, json } = await t.get(`${KEYS}/${id}`, call(admin))
    expect(json).toMatchObject({ name: 'Of somebody else', account: { username: bob.username } })
    for (const secret of [key, t.parts.secrets.hash(key)]) expect(text).not.toContain(secret)
  })

  test('page by page', async () => {
    for (const n of [1, 2, 3]) await made(alice, { name: `Program ${n}` })
    const { json } = await t.get(`${KEYS}?per_page=2&page=2`, { as: alice })
    expect(json).toMatchObject({ total: 3, current_page: 2, last_page: 2, per_page: 2 })
    expect(json.prev_page_url).toBe('http://localhost/api/api_keys?page=1&per_page=2')
    expect(json.data.map(({ name }: { name: string }) => name)).toEqual(['Program 3'])
    expect((await t.get(`${KEYS}?per_page=101`, { as: alice })).status).toBe(422)
  })

  test('and nobody else’s by its number, to read, to change or to end', async () => {
    const { id } = await made(alice)
    const mallory = await t.account()
    const own = await t.db.read.select().from(t.db.tables.apiKeys).where(eq(t.db.tables.apiKeys.accountId, mallory.id))
    for (const who of [mallory, admin]) {
      for (const unknown of [id, own[0]?.id, 0, 'x', 2_147_483_648]) {
        for (const [method, body] of [
          ['GET', undefined],
          ['PATCH', { name: 'Taken over' }],
          ['PUT', { name: 'Taken over' }],
          ['DELETE', undefined],
        ] as const) {
          const reply = await changesNothing(() => t.send(method, `${KEYS}/${unknown}`, call(who, { body })))
          expect([method, unknown, reply.status, reply.json.message]).toEqual([
            method,
            unknown,
            404,
            'There is no such API key.',
          ])
        }
      }
    }
  })
})

describe('a named key is changed', () => {
  const limited = {
    name: 'Limited',
    scope: 'read',
    networks: ['10.0.0.0/8'],
    expires_after_last_used_minutes: 60,
    expire_at: '2029-01-01',
  }
  const wider: readonly [string, object][] = [
    ['scope', { scope: 'full' }],
    ['scope', { scope: 'telephony' }],
    ['networks', { networks: ['10.0.0.0/7'] }],
    ['networks', { networks: ['10.2.0.0/16', '192.0.2.1'] }],
    ['networks', { networks: [] }],
    ['networks', { networks: null }],
    ['expires_after_last_used_minutes', { expires_after_last_used_minutes: 61 }],
    ['expires_after_last_used_minutes', { expires_after_last_used_minutes: 0 }],
    ['expire_at', { expire_at: '2029-01-02' }],
    ['expire_at', { expire_at: null }],
    ['expire_at', { expire_at: '2020-01-01' }],
    ['name', { name: 'x' }],
  ]
  for (const [member, body] of wider) {
    test(`never to more: ${JSON.stringify(body)}`, async () => {
      const { id } = await made(alice, limited)
      for (const method of ['PUT', 'PATCH']) {
        const reply = await changesNothing(() => t.send(method, `${KEYS}/${id}`, { as: alice, body }))
        expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, [member]])
      }
    })
  }

  test('to less, at once, and what is left out stays', async () => {
    const { id, key } = await made(alice, { scope: 'full' })
    const { expire_at, ...rest } = limited
    const reply = await t.send('PATCH', `${KEYS}/${id}`, { as: alice, body: { ...rest, expire_at } })
    expect(reply.json).toMatchObject({ ...rest, id, expire_at: '2029-01-01T00:00:00.000000Z' })
    expect([await statusOf(key), await statusOf(key, { address: '10.0.0.1' })]).toEqual([403, 200])
    const renamed = await t.put(`${KEYS}/${id}`, { as: alice, body: { name: 'Renamed', networks: ['10.1.0.0/16'] } })
    expect(renamed.json).toMatchObject({ ...rest, name: 'Renamed', networks: ['10.1.0.0/16'] })
    expect(await statusOf(key, { address: '10.0.0.1' })).toBe(403)
  })

  test('by an administrator, too, and by itself only when it may do everything', async () => {
    const bob = await t.account({ space: t.other })
    const { id, key } = await made(bob)
    const body = { name: 'Renamed' }
    expect((await t.send('PATCH', `${KEYS}/${id}`, { key, host: t.other.host, body })).status).toBe(403)
    expect((await t.send('PATCH', `${KEYS}/${id}`, call(admin, { body }))).json.name).toBe('Renamed')
    const full = await made(bob, { scope: 'full' })
    expect((await t.delete(`${KEYS}/${full.id}`, { key: full.key, host: t.other.host })).status).toBe(200)
    expect(await statusOf(full.key, { host: t.other.host })).toBe(401)
  })
})

describe('what is done with named keys', () => {
  test('stands in the audit log and the security log, with whose and by whom, and never with the key', async () => {
    const bob = await t.account({ space: t.other })
    const { id, key } = await made(bob, { name: 'Flexisip', scope: 'full' })
    await t.send('PATCH', `${KEYS}/${id}`, call(admin, { body: { name: 'Renamed', scope: 'telephony' } }))
    await t.delete(`${KEYS}/${id}`, call(admin))
    const rows = (await t.db.read.select().from(t.db.tables.auditLog).orderBy(t.db.tables.auditLog.id)).filter(
      ({ subjectId }) => subjectId === `${bob.id}`,
    )
    const facts = rows.map(({ action, actorId, domain, changes }) => [
      action,
      actorId,
      domain,
      JSON.parse(changes ?? '{}'),
    ])
    expect(facts).toEqual([
      [
        'apikey.created',
        bob.id,
        t.other.domain,
        { name: null, scope: [null, 'full'], networks: null, expires_after_last_used_minutes: [null, 0] },
      ],
      ['apikey.updated', admin.id, t.other.domain, { name: null, scope: ['full', 'telephony'] }],
      ['apikey.deleted', admin.id, t.other.domain, {}],
    ])
    expect(rows.every(({ detail }) => detail === JSON.stringify({ object: id }))).toBe(true)
    for (const action of ['apikey.created', 'apikey.updated', 'apikey.deleted']) {
      const lines = t.logged(action)
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain(`${bob.username}@${bob.domain}`)
      expect(lines[0]).not.toContain(key)
    }
    expect(t.logged('apikey.deleted')[0]).toContain(`${admin.username}@${admin.domain}`)
  })

  test('is done once: of two who end a key at once, one is told that it is gone', async () => {
    const { id } = await made(alice)
    const replies = await Promise.all([1, 2].map(() => t.delete(`${KEYS}/${id}`, { as: alice })))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404])
  })
})

test('keys that were idle for too long, or have ended, are cleared; their owners’ own keys by their own limit', async () => {
  const idle = await made(alice, { expires_after_last_used_minutes: 5 })
  const ended = await made(alice, { expire_at: new Date(t.clock.now.getTime() + MINUTE_MS).toISOString() })
  const kept = await made(alice)
  await t.parts.apiKeys.flush()
  t.later(10 * MINUTE_MS)
  await t.parts.housekeeping.apiKeys(null)
  const ids = (await t.get(KEYS, { as: alice })).json.data.map(({ id }: Made) => id)
  expect(ids).toEqual([kept.id])
  const rows = await t.db.read.select().from(t.db.tables.auditLog).orderBy(t.db.tables.auditLog.id)
  const cleared = rows.filter(({ actorName, subjectId }) => actorName === 'api-keys' && subjectId === `${alice.id}`)
  expect(cleared.map(({ action }) => action)).toEqual(['apikey.deleted', 'apikey.deleted'])
  // Both go at once: which row is the first is the database's to say.
  expect(new Set(cleared.map(({ detail }) => detail))).toEqual(
    new Set([
      JSON.stringify({ object: idle.id, reason: 'idle' }),
      JSON.stringify({ object: ended.id, reason: 'ended' }),
    ]),
  )
})
