import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let admin: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
}
beforeEach(() => start())
afterEach(() => t.close())

const valid = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5' }
const create = (body: Record<string, unknown>, more = {}) => t.post('/api/accounts', { as: admin, body, ...more })
const fieldsOf = async (body: Record<string, unknown>) => {
  const reply = await create(body)
  return [reply.status, reply.json.errors === undefined ? null : Object.keys(reply.json.errors)]
}

const MEMBERS = [
  'actions',
  'activated',
  'admin',
  'blocked',
  'carddav_servers',
  'created_at',
  'dictionary',
  'display_name',
  'domain',
  'dtmf_protocol',
  'email',
  'email_change_code',
  'id',
  'ip_address',
  'phone',
  'provisioning_token',
  'provisioning_token_expire_at',
  'realm',
  'sip_uri',
  'types',
  'updated_at',
  'user_agent',
  'username',
]
const LEGACY = ['confirmation_key_expires', 'creation_time', 'email_changed']
const members = (...more: string[]) => [...MEMBERS, ...LEGACY, ...more].sort()

describe('creating an account', () => {
  test('is for administrators: an empty body from anybody else is refused for who they are', async () => {
    const user = await t.account({})
    expect((await t.post('/api/accounts', { body: {} })).status).toBe(401)
    expect((await t.post('/api/accounts', { as: user, body: {} })).status).toBe(403)
  })

  test('says everything that is wrong at once, in the documented shape and in French', async () => {
    const body = { username: 'A B', password: 'x', algorithm: 'MD5' }
    const reply = await create(body)
    expect(reply.json.errors.username).toHaveLength(3)
    expect(reply.json.message).toBe(`${reply.json.errors.username[0]} (and 3 more errors)`)
    const french = await create(body, { headers: { 'accept-language': 'fr-CA' } })
    expect(french.json.errors.password).toEqual(['Le champ mot de passe doit compter au moins 6 caractères.'])
    expect(french.headers.get('content-language')).toBe('fr')
  })

  test('answers with the account for its creator, and with nothing undeclared', async () => {
    const reply = await create({
      ...valid,
      email: 'Carol@example.org',
      display_name: ' Carol ',
      activated: '1',
      dictionary: { department: 'sales' },
      expire_time: 'x',
      id: 999,
    })
    expect(reply.status).toBe(200)
    expect(Object.keys(reply.json).sort()).toEqual(members('passwords', ...(reply.json.confirmation_key ? ['x'] : [])))
    expect(reply.json).toMatchObject({
      username: 'carol.1',
      domain: 'sip.example.org',
      sip_uri: 'sip:carol.1@sip.example.org',
      email: 'Carol@example.org',
      display_name: 'Carol',
      activated: true,
      admin: false,
      blocked: false,
      ip_address: '192.0.2.7',
      user_agent: 'Example',
      created_at: '2026-06-01T12:00:00.000000Z',
      realm: null,
      dictionary: { department: 'sales' },
      passwords: [{ algorithm: 'MD5' }],
    })
    expect(reply.json.provisioning_token).toMatch(/^[A-Za-z0-9]{13}$/)
  })

  test('takes numbers for names, and an empty list for an empty dictionary', async () => {
    const reply = await create({ username: 123456, password: 1234567, algorithm: 'SHA-256', dictionary: [] })
    expect([reply.status, reply.json.username, reply.json.dictionary]).toEqual([200, '123456', {}])
  })

  test('knows blacklisted names by pattern, and a widened alphabet', async () => {
    await t.close()
    await start({ ACCOUNT_BLACKLISTED_USERNAMES: 'foobar,username-.*', ACCOUNT_USERNAME_REGEX: '^[a-z0-9🙂-]*$' })
    expect(await fieldsOf({ ...valid, username: 'xfoobarx' })).toEqual([422, ['username']])
    expect(await fieldsOf({ ...valid, username: 'username-gnap' })).toEqual([422, ['username']])
    expect((await create({ ...valid, username: 'carol🙂' })).status).toBe(200)
  })

  test('refuses taken names, names of the dead, and numbers that are somebody’s', async () => {
    await t.parts.phoneCountries.activate(null, 'FR')
    const first = await create({ ...valid, phone: '+33 6 12 34 56 78' })
    expect(first.json.phone).toBe('+33612345678')
    expect(await fieldsOf({ ...valid, phone: '+33612345678' })).toEqual([422, ['username', 'phone']])
    await t.delete(`/api/accounts/${first.json.id}`, { as: admin })
    expect(await fieldsOf(valid)).toEqual([422, ['username']])
    expect((await create({ ...valid, username: 'carol.2', phone: '+33612345678' })).status).toBe(200)
  })

  test('lets e-mail addresses be shared unless the Space says otherwise', async () => {
    await t.account({ email: 'a@example.org' })
    expect((await create({ ...valid, email: 'a@example.org' })).status).toBe(200)
    await t.db.transaction((tx) => tx.update(t.db.tables.spaces).set({ uniqueEmail: true }).returning())
    t.parts.spaces.forget()
    expect(await fieldsOf({ ...valid, username: 'carol.2', email: 'a@example.org' })).toEqual([422, ['email']])
  })

  test('puts it into the named Space for super administrators, into the own one for others', async () => {
    const elsewhere = await create({ ...valid, domain: 'sip.other.org' })
    expect([elsewhere.status, elsewhere.json.domain]).toEqual([200, 'sip.other.org'])
    expect((await create({ ...valid, domain: 'sip.unknown.org' })).status).toBe(403)
    const plain = await t.account({ space: t.other, admin: true })
    const host = 'other.localhost'
    const ignored = await t.post('/api/accounts', {
      host,
      as: plain,
      body: { ...valid, username: 'carol.3', domain: 'sip.example.org' },
    })
    expect([ignored.status, ignored.json.domain]).toEqual([200, 'sip.other.org'])
    const unknown = await t.post('/api/accounts', {
      host,
      as: plain,
      body: { ...valid, username: 'carol.4', domain: 'sip.no.org' },
    })
    expect([unknown.status, Object.keys(unknown.json.errors)]).toEqual([422, ['domain']])
  })

  test('lets a configured algorithm be left out, and refuses any other', async () => {
    const strict = await t.space({
      domain: 'sip.strict.org',
      host: 'strict.localhost',
      digest: { realm: 'realm.strict.org', defaultPasswordAlgorithm: 'SHA-256' },
    })
    const own = await t.account({ space: strict, admin: true })
    const ask = (body: unknown) => t.post('/api/accounts', { host: 'strict.localhost', as: own, body })
    expect(Object.keys((await ask(valid)).json.errors)).toEqual(['algorithm'])
    const made = await ask({ ...valid, algorithm: undefined })
    expect([made.json.passwords, made.json.realm]).toEqual([[{ algorithm: 'SHA-256' }], 'realm.strict.org'])
    expect(
      (
        await t.digest({ ...own, ...valid, domain: strict.domain }, 'GET', '/api/accounts/me', {
          host: 'strict.localhost',
        })
      ).status,
    ).toBe(200)
  })
})

describe('changing an account', () => {
  const change = (id: number, body: Record<string, unknown>, as = admin) => t.put(`/api/accounts/${id}`, { as, body })

  test('looks at the body before it looks for the account', async () => {
    const reply = await change(9999, {})
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([422, ['username', 'algorithm']])
    expect((await change(9999, { username: 'carol.1', algorithm: 'MD5' })).status).toBe(404)
  })

  test('clears what is left out, except rights, password and dictionary', async () => {
    const made = (
      await create({
        ...valid,
        email: 'c@example.org',
        display_name: 'C',
        activated: true,
        admin: true,
        dictionary: { a: 'b' },
      })
    ).json
    const reply = await change(made.id, { username: 'carol.1', algorithm: 'MD5' })
    expect(reply.json).toMatchObject({
      email: null,
      display_name: null,
      activated: true,
      admin: true,
      dictionary: { a: 'b' },
      passwords: [{ algorithm: 'MD5' }],
      phone_change_code: null,
    })
    expect((await change(made.id, { username: 'carol.1', algorithm: 'MD5', dictionary: {} })).json.dictionary).toEqual(
      {},
    )
  })

  test('of the name needs a new password, because the stored one contains the old name', async () => {
    const { id } = (await create(valid)).json
    const renamed = await change(id, { username: 'carol.2', algorithm: 'MD5' })
    expect(Object.keys(renamed.json.errors)).toEqual(['password'])
    const reply = await change(id, { username: 'carol.2', algorithm: 'SHA-256', password: 'new-password' })
    expect(reply.json.passwords).toEqual([{ algorithm: 'SHA-256' }])
    const carol = { ...admin, username: 'carol.2', password: 'new-password' }
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
  })

  test('must not take the administrator’s own rights, nor somebody else’s name', async () => {
    const base = { username: 'admin1', algorithm: 'MD5' }
    const self = await t.account({ username: 'admin1', admin: true })
    expect((await change(self.id, { ...base, admin: false }, self)).status).toBe(403)
    expect((await change(self.id, { ...base, blocked: true }, self)).status).toBe(403)
    expect((await t.post(`/api/accounts/${self.id}/block`, { as: self })).status).toBe(403)
    const { id } = (await create(valid)).json
    expect(Object.keys((await change(id, { ...base, password: 'correct-horse' })).json.errors)).toEqual(['username'])
  })
})

describe('reading accounts', () => {
  test('shows every audience exactly its members', async () => {
    const { id } = (await create({ ...valid, email: 'c@example.org', activated: true })).json
    const carol = { ...admin, ...valid, id, key: '' }
    const expected: [string, string[]][] = [
      [`/api/accounts/${id}`, members('phone_change_code')],
      ['/api/accounts/carol.1@sip.example.org/search', members('passwords', 'call_forwardings')],
      ['/api/accounts/sip:carol.1@sip.example.org/search', members('passwords', 'call_forwardings')],
      ['/api/accounts/c@example.org/search-by-email', members('passwords', 'call_forwardings')],
    ]
    for (const [path, names] of expected) {
      expect([path, Object.keys((await t.get(path, { as: admin })).json).sort()]).toEqual([path, names])
    }
    const me = await t.digest(carol, 'GET', '/api/accounts/me')
    expect(Object.keys(me.json).sort()).toEqual(members('passwords'))
    const resolved = await t.get('/api/resolve/carol.1%40sip.example.org', { as: admin })
    expect([resolved.json.type, resolved.json.payload.call_forwardings, resolved.json.payload.sip_uri]).toEqual([
      'account',
      [],
      'sip:carol.1@sip.example.org',
    ])
    const info = await t.get('/api/accounts/carol.1@sip.example.org/info')
    expect(info.json).toEqual({ activated: true, realm: null })
  })

  test('finds nothing under ids that are none, and other people’s addresses', async () => {
    for (const id of ['0', '-1', 'x', '1.5', '99999999999', '4294967297']) {
      expect([id, (await t.get(`/api/accounts/${id}`, { as: admin })).status]).toEqual([id, 404])
    }
    for (const path of [
      'nobody@sip.example.org/search',
      'nobody/search',
      'x@y/search-by-email',
      'victim@sip.other.org/info',
    ]) {
      expect([path, (await t.get(`/api/accounts/${path}`, { as: admin })).status]).toEqual([path, 404])
    }
  })

  test('lists twenty a page, oldest first, also beyond the end', async () => {
    for (let i = 0; i < 44; i++) await t.account({})
    const second = (await t.get('/api/accounts?page=2', { as: admin })).json
    expect(second).toMatchObject({ current_page: 2, from: 21, to: 40, last_page: 3, per_page: 20, total: 45 })
    expect(second.path).toBe('http://localhost/api/accounts')
    expect(second.prev_page_url).toBe('http://localhost/api/accounts?page=1')
    expect(second.links.map((link: { label: string }) => link.label)).toEqual([
      '&laquo; Previous',
      '1',
      '2',
      '3',
      'Next &raquo;',
    ])
    const ids = second.data.map((account: { id: number }) => account.id)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    const beyond = (await t.get('/api/accounts?page=9', { as: admin })).json
    expect([beyond.data, beyond.from, beyond.to, beyond.next_page_url]).toEqual([[], null, null, null])
    expect((await t.get('/api/accounts?page=x', { as: admin })).json.current_page).toBe(1)
  })
})

describe('one’s own account', () => {
  test('can be deleted: the name stays reserved', async () => {
    const alice = await t.account({ username: 'alice.1' })
    const reply = await t.delete('/api/accounts/me', { as: alice })
    expect([reply.status, reply.text]).toEqual([200, '1'])
    expect((await t.get('/api/accounts/me', { as: alice })).status).toBe(401)
    expect(await fieldsOf({ ...valid, username: 'alice.1' })).toEqual([422, ['username']])
  })

  test('gets a new provisioning token, and the older one is worthless', async () => {
    const alice = await t.account({})
    const old = (await t.get('/api/accounts/me', { as: alice })).json.provisioning_token
    const renewed = (await t.get('/api/accounts/me/provision', { as: alice })).json.provisioning_token
    expect(renewed).not.toBe(old)
    expect((await t.get(`/provisioning/${old}`)).status).toBe(404)
    expect((await t.get(`/provisioning/${renewed}`)).status).toBe(200)
  })

  test('gets an API key as bare text, which replaces the key that asked for it', async () => {
    const alice = await t.account({})
    const reply = await t.get('/api/accounts/me/api_key', { as: alice })
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(reply.text).toMatch(/^[A-Za-z0-9]{40}$/)
    expect(reply.headers.get('set-cookie')).toContain(
      `x-api-key=${reply.text}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax`,
    )
    expect((await t.get('/api/accounts/me', { as: alice })).status).toBe(401)
    expect((await t.get('/api/accounts/me', { key: reply.text })).status).toBe(200)
    expect((await t.get('/api/accounts/me', { headers: { cookie: `x-api-key=${reply.text}` } })).status).toBe(200)
    expect((await t.get('/api/accounts/me', { key: reply.text, address: '198.51.100.9' })).status).toBe(401)
    expect(await t.snapshot()).not.toContain(reply.text)
  })

  test('changes its password with the old one, and only then is activated by it', async () => {
    const alice = await t.account({ activated: false, algorithm: 'MD5' })
    const ask = (body: unknown) => t.post('/api/accounts/me/password', { as: alice, body })
    expect(Object.keys((await ask({})).json.errors)).toEqual(['algorithm', 'password'])
    expect(Object.keys((await ask({ algorithm: 'MD5', password: 'new-password' })).json.errors)).toEqual([
      'old_password',
    ])
    const wrong = { algorithm: 'MD5', password: 'new-password', old_password: ' correct-horse' }
    expect(Object.keys((await ask(wrong)).json.errors)).toEqual(['old_password'])
    expect((await t.get('/api/accounts/me', { as: alice })).json.activated).toBe(false)
    const reply = await ask({ algorithm: 'SHA-256', password: ' new-password', old_password: 'correct-horse' })
    expect([reply.status, reply.json.activated, reply.json.passwords]).toEqual([200, true, [{ algorithm: 'SHA-256' }]])
    expect((await t.digest({ ...alice, password: ' new-password' }, 'GET', '/api/accounts/me')).status).toBe(200)
  })

  test('gets TURN credentials that the relay can check', async () => {
    const alice = await t.account({})
    expect((await t.get('/api/accounts/me/services/turn', { as: alice })).status).toBe(404)
    await t.close()
    await start({ COTURN_SERVER_HOST: 'turn.example.net', COTURN_STATIC_AUTH_SECRET: 'turn-secret' })
    const bob = await t.account({})
    const { json, headers } = await t.get('/api/accounts/me/services/turn', { as: bob })
    expect(headers.get('cache-control')).toContain('no-store')
    const expiry = Math.floor(t.clock.now.getTime() / 1000) + 86_400
    expect(json).toMatchObject({ ttl: 86_400, uris: ['turn:turn.example.net'] })
    expect(json.username).toMatch(new RegExp(`^${expiry}:[A-Za-z0-9]{16}$`))
    expect(json.password).toBe(new Bun.CryptoHasher('sha1', 'turn-secret').update(json.username).digest('base64'))
  })
})

describe('administrators', () => {
  test('activate, deactivate, block and unblock, as often as they like', async () => {
    const { id } = (await create(valid)).json
    for (const [action, expected] of [
      ['activate', { activated: true }],
      ['activate', { activated: true }],
      ['deactivate', { activated: false }],
      ['block', { blocked: true }],
      ['unblock', { blocked: false }],
    ] as const) {
      const reply = await t.post(`/api/accounts/${id}/${action}`, { as: admin })
      expect([action, reply.status, reply.json]).toMatchObject([action, 200, expected])
      expect((await t.post(`/api/accounts/9999/${action}`, { as: admin })).status).toBe(404)
    }
  })

  test('delete an account once, with all that belongs to it', async () => {
    const { id } = (await create({ ...valid, dictionary: { a: 'b' } })).json
    const reply = await t.delete(`/api/accounts/${id}`, { as: admin })
    expect([reply.status, reply.text]).toEqual([200, ''])
    expect((await t.delete(`/api/accounts/${id}`, { as: admin })).status).toBe(404)
    for (const table of ['passwords', 'provisioningTokens', 'accountDictionaryEntries', 'apiKeys'] as const) {
      const rows = await t.db.read.select().from(t.db.tables[table])
      expect([table, rows.filter((row) => row.accountId === id)]).toEqual([table, []])
    }
  })
})
