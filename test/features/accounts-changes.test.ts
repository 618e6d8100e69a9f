import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { ha1 } from '../../src/protocols/digest.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What happens to an account after it was made (behaviour/accounts.md §6, behaviour/accounts.md §8), refusals first.

let t: TestApp
let admin: TestAccount
let carol: TestAccount
const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin.1', admin: true })
  carol = await t.account({ username: 'carol.1', algorithm: 'MD5', email: 'carol@example.org', displayName: 'Carol' })
}
beforeEach(() => start())
afterEach(() => t.close())

const base = { username: 'carol.1', algorithm: 'MD5' }
const change = (body: object, id = carol.id, as = admin, host = 'localhost') =>
  t.put(`/api/accounts/${id}`, { as, host, body })
const shown = async (id = carol.id) => (await t.get(`/api/accounts/${id}`, { as: admin })).json
const passwordsOf = async (id: number) =>
  (await t.db.read.select().from(t.db.tables.passwords)).filter(({ accountId }) => accountId === id)
/** Every row of every table that belongs to the account. */
const belongings = async (id: number) => {
  const found: string[] = []
  for (const [name, table] of Object.entries(t.db.tables)) {
    if (!('accountId' in table)) continue
    const rows = (await t.db.read.select().from(table)) as { accountId: number | null }[]
    if (rows.some(({ accountId }) => accountId === id)) found.push(name)
  }
  return found
}

describe('changing an account refuses', () => {
  test('whoever is no administrator, another Space’s, and what is no account, in that order', async () => {
    const foreign = await t.account({ space: t.other, admin: true })
    const before = await t.snapshot()
    const path = `/api/accounts/${carol.id}`
    expect((await t.put(path, { body: {} })).status).toBe(401)
    expect((await t.put(path, { as: carol, body: {} })).status).toBe(403)
    expect((await change({}, carol.id, foreign, 'other.localhost')).status).toBe(422)
    expect((await change(base, carol.id, foreign, 'other.localhost')).status).toBe(404)
    expect((await change({}, 99_999)).json.errors).toEqual({
      username: ['The username field is required.'],
      algorithm: ['The algorithm field is required.'],
    })
    expect((await change({ ...base, username: 'nobody.1' }, 99_999)).json).toEqual({ message: 'No such account.' })
    for (const id of ['0', 'x', '1.5', '-1', '99999999999']) {
      expect([id, (await t.put(`/api/accounts/${id}`, { as: admin, body: base })).status]).toEqual([id, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('what a new account would be refused for, all at once, and changes nothing', async () => {
    const other = await t.account({ username: 'dora.1', phone: '+33612345678' })
    await t.parts.phoneCountries.activate(null, 'FR')
    const before = await t.snapshot()
    const reply = await change({
      username: 'dora.1',
      password: 'x',
      algorithm: 'x',
      email: 'x',
      phone: '+33612345678',
      display_name: '\u0001',
      dtmf_protocol: 'x',
      activated: 'true',
      blocked: 'no',
      admin: 3,
      domain: 'sip.nowhere.org',
      dictionary: ['x'],
    })
    expect([reply.status, Object.keys(reply.json.errors)]).toEqual([
      422,
      [
        'username',
        'password',
        'algorithm',
        'domain',
        'email',
        'phone',
        'display_name',
        'dtmf_protocol',
        'activated',
        'blocked',
        'admin',
        'dictionary',
      ],
    ])
    expect(other.id).toBeGreaterThan(0)
    expect(await t.snapshot()).toBe(before)
  })

  test('a new name or domain without a password, because the stored hash contains the old ones', async () => {
    const before = await t.snapshot()
    const needed = { password: ['The password is needed when the username or the domain changes.'] }
    expect((await change({ ...base, username: 'carol.2' })).json.errors).toEqual(needed)
    expect((await change({ ...base, domain: 'sip.other.org' })).json.errors).toEqual(needed)
    expect(await t.snapshot()).toBe(before)
  })

  test('an administrator that would lock itself out', async () => {
    for (const more of [{ admin: false }, { admin: '0' }, { blocked: true }, { blocked: 1 }]) {
      const reply = await change({ username: 'admin.1', algorithm: 'MD5', ...more }, admin.id)
      expect([more, reply.status]).toEqual([more, 403])
    }
    expect((await t.post(`/api/accounts/${admin.id}/block`, { as: admin })).status).toBe(403)
    const harmless = { username: 'admin.1', algorithm: 'MD5', admin: true, blocked: false }
    expect((await change(harmless, admin.id)).json).toMatchObject({ admin: true, blocked: false })
  })

  test('to move it into a full Space', async () => {
    const full = await t.space({ domain: 'sip.full.org', host: 'full.localhost', maxAccounts: 1 })
    await t.account({ space: full })
    const before = await t.snapshot()
    expect((await change({ ...base, password: 'correct-horse', domain: full.domain })).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
  })
})

describe('changing an account', () => {
  test('clears e-mail, name, DTMF protocol and phone when they are absent or null, and keeps the rest', async () => {
    await t.parts.phoneCountries.activate(null, 'FR')
    const full = {
      ...base,
      email: 'c@example.org',
      phone: '+33612345678',
      display_name: 'C',
      dtmf_protocol: 'rfc2833',
      activated: false,
      blocked: true,
      admin: true,
      dictionary: { a: 'b' },
    }
    const { algorithm: _, ...visible } = full
    expect((await change(full)).json).toMatchObject(visible)
    for (const nothing of [undefined, null, '']) {
      await change(full)
      const rest = Object.fromEntries(Object.keys(full).map((name) => [name, nothing]))
      expect((await change({ ...rest, ...base })).json).toMatchObject({
        email: null,
        phone: null,
        display_name: null,
        dtmf_protocol: null,
        activated: false,
        blocked: true,
        admin: true,
        dictionary: { a: 'b' },
        passwords: [{ algorithm: 'MD5' }],
      })
    }
  })

  test('writes down who did it, and when', async () => {
    const before = await shown()
    t.clock.now = new Date('2026-06-01T12:30:00.000Z')
    const reply = await t.put(`/api/accounts/${carol.id}`, {
      as: admin,
      body: base,
      headers: { 'user-agent': 'Editor/2' },
    })
    expect(reply.json).toMatchObject({
      user_agent: 'Editor/2',
      updated_at: '2026-06-01T12:30:00.000000Z',
      created_at: before.created_at,
      ip_address: before.ip_address,
    })
    expect((await change(base)).json.user_agent).toBe('Example')
  })

  test('gives it a new password in the algorithm that was asked for, and exactly one', async () => {
    for (const algorithm of ['SHA-256', 'MD5'] as const) {
      const reply = await change({ ...base, algorithm, password: `new-${algorithm}` })
      expect(reply.json.passwords).toEqual([{ algorithm }])
      const rows = await passwordsOf(carol.id)
      expect(rows.map(({ password }) => password)).toEqual([
        ha1(algorithm, 'carol.1', 'sip.example.org', `new-${algorithm}`),
      ])
    }
    expect((await change({ ...base, algorithm: 'SHA-256' })).json.passwords).toEqual([{ algorithm: 'MD5' }])
  })

  test('renames it with a password, and frees the old name', async () => {
    const reply = await change({ ...base, username: 'carol.2', password: 'correct-horse' })
    expect([reply.status, reply.json.sip_uri]).toEqual([200, 'sip:carol.2@sip.example.org'])
    const renamed = { ...carol, username: 'carol.2' }
    expect((await t.digest(renamed, 'GET', '/api/accounts/me')).status).toBe(200)
    const again = await t.post('/api/accounts', { as: admin, body: { ...base, password: 'correct-horse' } })
    expect(again.status).toBe(200)
  })

  test('renames one without a password as it is', async () => {
    const sso = await t.space({ domain: 'sip.sso.org', host: 'sso.localhost', digest: null })
    const boss = await t.account({ space: sso, admin: true })
    const { id } = await t.account({ space: sso, username: 'erin.1' })
    const reply = await change({ ...base, username: 'erin.2' }, id, boss, sso.host)
    expect([reply.status, reply.json.username, reply.json.passwords]).toEqual([200, 'erin.2', []])
  })

  test('moves it for super administrators, with the realm of its new Space, and for nobody else', async () => {
    const strict = await t.space({
      domain: 'sip.strict.org',
      host: 'strict.localhost',
      digest: { realm: 'strict realm', defaultPasswordAlgorithm: 'SHA-256' },
    })
    const plain = await t.account({ space: t.other, admin: true })
    const local = await t.account({ space: t.other, username: 'local.1', algorithm: 'MD5' })
    const stays = await change(
      { username: 'local.1', algorithm: 'MD5', domain: strict.domain },
      local.id,
      plain,
      'other.localhost',
    )
    expect([stays.status, stays.json.domain]).toEqual([200, 'sip.other.org'])

    const wrong = await change({ ...base, password: 'correct-horse', domain: strict.domain })
    expect(wrong.json.errors).toEqual({ algorithm: ['The algorithm must be one of: SHA-256.'] })
    const body = { username: 'carol.1', password: 'correct-horse', domain: strict.domain }
    const moved = await change(body)
    expect(moved.json).toMatchObject({
      domain: strict.domain,
      realm: 'strict realm',
      passwords: [{ algorithm: 'SHA-256' }],
    })
    expect((await t.get(`/api/accounts/${carol.id}`, { as: admin })).status).toBe(404)
    const there = await t.get(`/api/accounts/${carol.id}`, { as: admin, host: strict.host })
    expect([there.json.id, there.json.email]).toEqual([carol.id, null])
    const list = (host: string) => t.get('/api/accounts', { as: admin, host })
    expect([(await list('localhost')).json.total, (await list(strict.host)).json.total]).toEqual([1, 1])
  })

  test('by an administrator may make another administrator', async () => {
    const plain = await t.account({ space: t.other, admin: true })
    const local = await t.account({ space: t.other, username: 'local.1' })
    await change({ username: 'local.1', algorithm: 'MD5', admin: true }, local.id, plain, 'other.localhost')
    expect((await t.get('/api/accounts', { as: local, host: 'other.localhost' })).status).toBe(200)
  })

  test('looks at names and passwords that change, not at old ones that no rule of today would let (D46)', async () => {
    const first = await t.account({ username: 'admin', password: 'short', admin: true })
    const body = { username: 'admin', algorithm: 'SHA-256', display_name: 'The first' }
    const reply = await change(body, first.id, first)
    expect([reply.status, reply.json.username, reply.json.display_name]).toEqual([200, 'admin', 'The first'])
    const loud = await t.account({ username: 'LOUD' })
    expect((await change({ ...body, username: 'LOUD' }, loud.id)).status).toBe(200)
    const before = await t.snapshot()
    const refused = async (more: object) => Object.keys((await change({ ...body, ...more }, first.id)).json.errors)
    expect(await refused({ username: 'other', password: 'correct-horse' })).toEqual(['username'])
    expect(await refused({ password: 'shor' })).toEqual(['password'])
    expect(await t.snapshot()).toBe(before)
    expect((await change({ ...body, password: 'short' }, first.id)).status).toBe(200)
    expect((await t.digest(first, 'GET', '/api/accounts/me')).status).toBe(200)
  })

  test('ends what a blocked account may do at once', async () => {
    await change({ ...base, blocked: true })
    expect((await t.get('/api/accounts/me', { as: carol })).status).toBe(403)
    await change({ ...base, blocked: false })
    expect((await t.digest(carol, 'GET', '/api/accounts/me')).status).toBe(200)
  })
})

describe('a password changed by its owner', () => {
  const ask = (body: object, as = carol, host = 'localhost') => t.post('/api/accounts/me/password', { as, host, body })

  test('is refused in two passes: the new one first, then the old one', async () => {
    const before = await t.snapshot()
    expect((await t.post('/api/accounts/me/password', { body: {} })).status).toBe(401)
    const passes: [object, object][] = [
      [{}, { algorithm: ['The algorithm field is required.'], password: ['The password field is required.'] }],
      [
        { algorithm: 'x', password: 'short', old_password: 'wrong' },
        {
          algorithm: ['The algorithm must be one of: MD5, SHA-256.'],
          password: ['The password must be at least 6 characters.'],
        },
      ],
      [{ algorithm: 'MD5', password: 'new-password' }, { old_password: ['The old password field is required.'] }],
      [
        { algorithm: 'MD5', password: 'new-password', old_password: null },
        { old_password: ['The old password field is required.'] },
      ],
      [
        { algorithm: 'MD5', password: 'new-password', old_password: 'wrong-horse' },
        { old_password: ['The old password is not the current password.'] },
      ],
      [
        { algorithm: 'MD5', password: 'new-password', old_password: 'correct-horse ' },
        { old_password: ['The old password is not the current password.'] },
      ],
    ]
    for (const [body, errors] of passes) {
      const reply = await ask(body)
      expect([reply.status, reply.json.errors]).toEqual([422, errors as never])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('that is wrong is an event for whoever watches for guesses, over REST as well', async () => {
    const lines = () => t.lines.filter((line) => line.includes('auth.login.fail'))
    await ask({ algorithm: 'MD5', password: 'new-password', old_password: 'wrong-horse' })
    expect(lines()).toHaveLength(1)
    expect(lines()[0]).toMatch(/via=key reason=bad_password/)
    expect(lines().join()).not.toContain('wrong-horse')
    await ask({ algorithm: 'MD5', password: 'new-password', old_password: carol.password })
    expect(lines()).toHaveLength(1)
  })

  test('activates when it is right, not when it is wrong', async () => {
    const shy = await t.account({ activated: false })
    const body = { algorithm: 'MD5', password: 'new-password' }
    expect((await ask({ ...body, old_password: 'wrong-horse' }, shy)).status).toBe(422)
    expect((await shown(shy.id)).activated).toBe(false)
    expect((await ask({ ...body, old_password: 'correct-horse' }, shy)).json.activated).toBe(true)
  })

  test('is checked against every stored one, with its own algorithm, clear ones included', async () => {
    const old = [
      { algorithm: 'MD5' as const, password: ha1('MD5', 'carol.1', 'sip.example.org', 'first-horse') },
      { algorithm: 'SHA-256' as const, password: ha1('SHA-256', 'carol.1', 'sip.example.org', 'second-horse') },
      { algorithm: 'CLRTXT' as const, password: 'third-horse' },
    ]
    for (const right of ['first-horse', 'second-horse', 'third-horse']) {
      await t.db.transaction(async (tx) => {
        await tx.delete(t.db.tables.passwords).returning()
        await tx
          .insert(t.db.tables.passwords)
          .values(old.map((row) => ({ ...row, accountId: carol.id })))
          .returning()
      })
      const key = await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, carol.id, null))
      const reply = await ask(
        { algorithm: 'SHA-256', password: 'new-password', old_password: right },
        { ...carol, key },
      )
      expect([reply.status, reply.json.passwords]).toEqual([200, [{ algorithm: 'SHA-256' }]])
      expect(await passwordsOf(carol.id)).toHaveLength(1)
    }
  })

  test('needs no old one when there is none, and is refused where passwords are not stored', async () => {
    await t.db.transaction((tx) => tx.delete(t.db.tables.passwords).returning())
    expect((await ask({ algorithm: 'MD5', password: 'new-password' })).status).toBe(200)
    const sso = await t.space({ domain: 'sip.sso.org', host: 'sso.localhost', digest: null })
    const erin = await t.account({ space: sso })
    const refused = await ask({ algorithm: 'MD5', password: 'new-password' }, erin, sso.host)
    expect([refused.status, refused.json]).toEqual([403, { message: 'This space stores no passwords.' }])
  })
})

describe('a deleted account', () => {
  test('leaves its name reserved and nothing else, whoever deleted it', async () => {
    for (const [name, remove] of [
      ['itself', (who: TestAccount) => t.delete('/api/accounts/me', { as: who })],
      ['an administrator', (who: TestAccount) => t.delete(`/api/accounts/${who.id}`, { as: admin })],
    ] as const) {
      const who = await t.account({ username: name === 'itself' ? 'self.1' : 'other.1', phone: null as never })
      await t.post(`/api/accounts/${who.id}/dictionary/key`, { as: admin, body: { value: 'x' } })
      expect(await belongings(who.id)).toEqual(
        expect.arrayContaining(['passwords', 'apiKeys', 'provisioningTokens', 'accountDictionaryEntries']),
      )
      const total = (await t.get('/api/accounts', { as: admin })).json.total
      const reply = await remove(who)
      expect([name, reply.status, reply.text]).toEqual([name, 200, name === 'itself' ? '1' : ''])
      expect(await belongings(who.id)).toEqual([])
      expect((await t.get('/api/accounts', { as: admin })).json.total).toBe(total - 1)
      const again = await t.post('/api/accounts', {
        as: admin,
        body: { username: who.username, password: 'correct-horse', algorithm: 'MD5' },
      })
      expect(again.json.errors).toEqual({ username: ['The username is already used.'] })
      expect((await t.delete(`/api/accounts/${who.id}`, { as: admin })).status).toBe(404)
    }
  })

  test('is free again when its tombstone is cleared, and may be taken by a change before', async () => {
    await t.delete(`/api/accounts/${carol.id}`, { as: admin })
    const dora = await t.account({ username: 'dora.1' })
    expect((await change({ ...base, password: 'correct-horse' }, dora.id)).status).toBe(200)
    await t.delete(`/api/accounts/${dora.id}`, { as: admin })
    const tombstones = await t.db.read.select().from(t.db.tables.accountsTombstones)
    expect(tombstones.map(({ username }) => username)).toEqual(['carol.1'])
    t.clock.now = new Date('2026-06-09T00:00:00.000Z')
    expect(await t.parts.housekeeping.tombstones(7, { apply: true })).toBe(1)
    admin = await t.account({ admin: true })
    const body = { ...base, password: 'correct-horse' }
    expect((await t.post('/api/accounts', { as: admin, body })).status).toBe(200)
  })

  test('of another Space, or of nobody, is not there to be deleted', async () => {
    const foreign = await t.account({ space: t.other })
    const before = await t.snapshot()
    expect((await t.delete(`/api/accounts/${foreign.id}`, { as: admin })).status).toBe(404)
    expect((await t.delete('/api/accounts/99999', { as: admin })).status).toBe(404)
    expect((await t.delete(`/api/accounts/${carol.id}`, { as: carol })).status).toBe(403)
    expect(await t.snapshot()).toBe(before)
  })
})

describe('TURN credentials', () => {
  const turn = { COTURN_SERVER_HOST: 'turn.example.net', COTURN_STATIC_AUTH_SECRET: 'turn-secret' }
  const get = () => t.get('/api/accounts/me/services/turn', { as: carol })

  test('are not there without a host, a secret and a lifetime', async () => {
    for (const env of [
      {},
      { COTURN_SERVER_HOST: 'turn.example.net' },
      { COTURN_STATIC_AUTH_SECRET: 'turn-secret' },
      { ...turn, COTURN_SESSION_TTL_MINUTES: '0' },
    ]) {
      await t.close()
      await start(env)
      const reply = await get()
      expect([env, reply.status, reply.json]).toEqual([env, 404, { message: 'No TURN server is configured.' }])
    }
  })

  test('are an expiry, signed; new ones each time, stored nowhere', async () => {
    await t.close()
    await start({ ...turn, COTURN_SESSION_TTL_MINUTES: '90' })
    const sign = (username: string) => createHmac('sha1', 'turn-secret').update(username).digest('base64')
    expect(sign('1893456000:AbCdEfGhIjKlMnOp')).toBe('cjlcKpfXH8beDuoNHQH2KbZo3kQ=')
    const before = await t.snapshot()
    const [first, second] = [(await get()).json, (await get()).json]
    expect(first.username).not.toBe(second.username)
    for (const { username, password, ttl, uris } of [first, second]) {
      expect(username).toMatch(/^\d+:[A-Za-z0-9]{16}$/)
      expect(Number(username.split(':')[0])).toBe(t.clock.now.getTime() / 1000 + 5400)
      expect([password, ttl, uris]).toEqual([sign(username), 5400, ['turn:turn.example.net']])
    }
    expect(await t.snapshot()).toBe(before)
    expect((await t.get('/api/accounts/me/services/turn')).status).toBe(401)
  })
})

describe('an administrator’s actions on an account', () => {
  test('do nothing for others, nor to others’ accounts', async () => {
    const foreign = await t.account({ space: t.other })
    const before = await t.snapshot()
    const actions = ['activate', 'deactivate', 'block', 'unblock'].map((name) => ['POST', name] as const)
    for (const [method, name] of [...actions, ['GET', 'provision'] as const]) {
      const ask = (id: number, as?: TestAccount) =>
        t.send(method, `/api/accounts/${id}/${name}`, as === undefined ? {} : { as })
      expect([name, (await ask(carol.id)).status]).toEqual([name, 401])
      expect([name, (await ask(carol.id, carol)).status]).toEqual([name, 403])
      expect([name, (await ask(foreign.id, admin)).status]).toEqual([name, 404])
      expect([name, (await ask(99_999, admin)).status]).toEqual([name, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('are no mistake twice', async () => {
    for (const [action, member, value] of [
      ['deactivate', 'activated', false],
      ['activate', 'activated', true],
      ['block', 'blocked', true],
      ['unblock', 'blocked', false],
    ] as const) {
      for (let i = 0; i < 2; i++) {
        const reply = await t.post(`/api/accounts/${carol.id}/${action}`, { as: admin })
        expect([action, reply.status, reply.json[member]]).toEqual([action, 200, value])
      }
    }
  })
})

describe('self registration', () => {
  const REGISTER = '/api/accounts/with-account-creation-token'
  const body = { username: 'newcomer.1', password: 'correct-horse', algorithm: 'MD5' }
  const token = async () => (await t.post('/api/account_creation_tokens', { as: admin })).json.token

  test('checks what it then ignores, and stores nothing when that is wrong', async () => {
    const account_creation_token = await token()
    const before = await t.snapshot()
    const wrong = { email: 'x', phone: '0612345678', domain: 'sip.nowhere.org', dictionary: ['x'], dtmf_protocol: 'x' }
    const reply = await t.post(REGISTER, { body: { ...body, account_creation_token, ...wrong } })
    expect([reply.status, Object.keys(reply.json.errors).sort()]).toEqual([422, Object.keys(wrong).sort()])
    expect(await t.snapshot()).toBe(before)
  })

  test('ignores rights, addresses and numbers, and tells nobody whose they are', async () => {
    await t.parts.phoneCountries.activate(null, 'FR')
    await t.account({ phone: '+33612345678', email: 'a@example.org' })
    const reply = await t.post(REGISTER, {
      body: {
        ...body,
        account_creation_token: await token(),
        email: 'a@example.org',
        phone: '+33612345678',
        domain: 'sip.other.org',
        dictionary: { a: 'b' },
        display_name: 'X',
        blocked: true,
        asAdmin: true,
        api: true,
      },
    })
    expect(reply.json).toMatchObject({
      domain: 'sip.example.org',
      email: null,
      phone: null,
      display_name: null,
      dictionary: {},
      activated: false,
      admin: false,
      blocked: false,
    })
  })

  test('without an algorithm is refused and spends nothing, unless the Space has one of its own', async () => {
    const spared = await token()
    for (const algorithm of [undefined, null, '']) {
      const refused = await t.post(REGISTER, { body: { ...body, algorithm, account_creation_token: spared } })
      expect([refused.status, Object.keys(refused.json.errors)]).toEqual([422, ['algorithm']])
    }
    const made = await t.post(REGISTER, { body: { ...body, algorithm: 'MD5', account_creation_token: spared } })
    expect([made.status, made.json.passwords]).toEqual([200, [{ algorithm: 'MD5' }]])

    await t.db.transaction((tx) =>
      tx.update(t.db.tables.spaceDigestAuthenticationConfigurations).set({ defaultPasswordAlgorithm: 'MD5' }),
    )
    t.parts.spaces.forget()
    const members = { ...body, username: 'second', algorithm: undefined, account_creation_token: await token() }
    const other = await t.post(REGISTER, { body: members })
    expect([other.status, other.json.passwords]).toEqual([200, [{ algorithm: 'MD5' }]])
  })
})
