import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { ha1 } from '../../src/protocols/digest.ts'
import { dispatcherOf } from '../outbox/recording.ts'
import { startRedis } from '../registrar/servers.ts'
import { type TestAccount, type TestApp, testApp, WITH_MAIL } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { DAY_MS } from '../support/time.ts'
import { form, wav } from '../support/voice.ts'
import { type Receiver, receiver, WITH_LOCAL_WEBHOOKS, webhookOf } from '../support/webhooks.ts'

// What webhooks are told of (behaviour/webhooks.md §2), each at its cause, once, and never a secret.

let t: TestApp
let admin: TestAccount
/** Of the super Space, and of the other one. */
let ours: Receiver
let theirs: Receiver
/** Every body that was told. */
const everything: string[] = []

const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { ...WITH_LOCAL_WEBHOOKS, ...WITH_MAIL, APP_API_KEY_EXPIRATION_MINUTES: '0', ...env } })
  admin = await t.account({ username: 'admin01', admin: true })
  ours = await receiver()
  theirs = await receiver()
  everything.length = 0
  await webhookOf(t, t.main, ours.url)
  await webhookOf(t, t.other, theirs.url)
}
beforeEach(() => start())
afterEach(async () => {
  await t.close()
  for (const one of [ours, theirs]) await one.close()
})

/** What was told since the last look, the oldest first. */
const told = async (who = ours) => {
  await dispatcherOf(t, [t.parts.webhookDelivery.channel]).settle()
  everything.push(...who.received.map(({ body }) => body))
  return who.received.splice(0).map(({ json }) => json)
}
const types = async (who = ours) => (await told(who)).map(({ type }) => type)

const NEW = { username: 'alice01', password: 'correct-horse', algorithm: 'SHA-256', email: 'alice@example.org' }
const create = async (more: object = {}): Promise<number> => {
  const { json } = await t.post('/api/accounts', { as: admin, body: { ...NEW, ...more } })
  await told()
  return json.id
}

describe('an account', () => {
  test('that an administrator, an app or the command line makes is told once, with what the API shows', async () => {
    const { json: made } = await t.post('/api/accounts', { as: admin, body: { ...NEW, dictionary: { a: 'b' } } })
    const [event, ...more] = await told()
    expect(more).toEqual([])
    expect(event).toMatchObject({
      type: 'account.created',
      timestamp: '2026-06-01T12:00:00.000Z',
      version: 1,
      space: { domain: 'sip.example.org', host: 'localhost', name: 'Example' },
      data: { id: made.id, username: 'alice01', email: 'alice@example.org', dictionary: { a: 'b' } },
    })
    const { token } = (await t.post('/api/account_creation_tokens', { as: admin })).json
    const own = { ...NEW, username: 'alice02', email: undefined, account_creation_token: token }
    expect((await t.post('/api/accounts/with-account-creation-token', { body: own })).status).toBe(200)
    expect(await told()).toMatchObject([{ type: 'account.created', data: { username: 'alice02', activated: false } }])
    await t.parts.administrators.create({
      domain: 'sip.example.org',
      username: 'root01',
      password: 'correct-horse',
      existing: 'refuse',
    })
    expect(await types()).toEqual(['account.created'])
    expect(await types(theirs)).toEqual([])
  })

  test('that is refused is not told', async () => {
    await create()
    expect((await t.post('/api/accounts', { as: admin, body: NEW })).status).toBe(422)
    expect((await t.put('/api/accounts/999', { as: admin, body: { ...NEW, username: 'nobody1' } })).status).toBe(404)
    expect(await types()).toEqual([])
  })

  test('that is changed, or what belongs to it, is told as it is then', async () => {
    const id = await create()
    await t.put(`/api/accounts/${id}`, {
      as: admin,
      body: { username: 'alice01', display_name: 'Alice', algorithm: 'MD5' },
    })
    expect(await told()).toMatchObject([{ type: 'account.updated', data: { id, display_name: 'Alice', email: null } }])
    await t.post(`/api/accounts/${id}/dictionary/department`, { as: admin, body: { value: 'sales' } })
    expect(await told()).toMatchObject([{ type: 'account.updated', data: { dictionary: { department: 'sales' } } }])
    const type = (await t.post('/api/account_types', { as: admin, body: { key: 'door' } })).json
    await t.post(`/api/accounts/${id}/types/${type.id}`, { as: admin })
    expect(await told()).toMatchObject([{ type: 'account.updated', data: { types: [{ key: 'door' }] } }])
    await t.parts.administrators.set(String(id), true)
    expect(await told()).toMatchObject([{ type: 'account.updated', data: { admin: true } }])
    const alice = await t.account({ username: 'alice02' })
    await t.post('/api/accounts/me/email/request', { as: alice, body: { email: 'new@example.org' } })
    await told()
    const code = (await t.messages()).findLast(({ kind }) => kind === 'email_code')?.data?.code
    expect((await t.post('/api/accounts/me/email', { as: alice, body: { code } })).status).toBe(200)
    expect(await told()).toMatchObject([{ type: 'account.updated', data: { email: 'new@example.org' } }])
  })

  test('that is deleted is told as it was, whoever deleted it', async () => {
    const id = await create()
    await t.delete(`/api/accounts/${id}`, { as: admin })
    expect(await told()).toMatchObject([{ type: 'account.deleted', data: { id, email: 'alice@example.org' } }])
    const alice = await t.account({ username: 'alice02' })
    await t.delete('/api/accounts/me', { as: alice })
    expect(await told()).toMatchObject([{ type: 'account.deleted', data: { username: 'alice02' } }])
    await t.account({ username: 'alice03', activated: false })
    await t.account({ username: 'alice04', activated: false, space: t.other })
    t.later(8 * DAY_MS)
    const clearing = { apply: true, confirmed: false, domain: null }
    expect(await t.parts.housekeeping.unconfirmed(7, clearing)).toBe(2)
    expect(await told()).toMatchObject([{ type: 'account.deleted', data: { username: 'alice03' } }])
    expect(theirs.received.map(({ json }) => json.data.username)).toEqual(['alice04'])
  })

  test('that becomes active is told so, once, whatever activates it', async () => {
    const id = await create()
    await t.post(`/api/accounts/${id}/activate`, { as: admin })
    expect((await types()).sort()).toEqual(['account.activated', 'account.updated'])
    await t.post(`/api/accounts/${id}/activate`, { as: admin })
    expect(await types()).toEqual(['account.updated'])
    const other = await create({ username: 'alice02', email: 'two@example.org' })
    await t.put(`/api/accounts/${other}`, {
      as: admin,
      body: { username: 'alice02', activated: true, blocked: true, algorithm: 'MD5' },
    })
    expect((await types()).sort()).toEqual(['account.activated', 'account.blocked', 'account.updated'])
  })

  test('that is set up on a phone is told so once, and activated by it', async () => {
    const { json } = await t.post('/api/accounts', { as: admin, body: NEW })
    await told()
    const path = `/provisioning/${json.provisioning_token}`
    const headers = { 'x-linphone-provisioning': '1' }
    expect((await t.get(path, { headers })).status).toBe(200)
    const events = await told()
    expect(events.map(({ type }) => type)).toEqual(['account.activated', 'account.provisioned'])
    expect(events.map(({ data }) => data.activated)).toEqual([true, true])
    expect((await t.get(path, { headers })).status).toBe(404)
    expect(await types()).toEqual([])
  })

  test('that is blocked is told so, by a person or by the service', async () => {
    const id = await create()
    for (const times of [1, 2]) {
      await t.post(`/api/accounts/${id}/block`, { as: admin })
      expect((await types()).sort()).toEqual(times === 1 ? ['account.blocked', 'account.updated'] : ['account.updated'])
    }
    await t.post(`/api/accounts/${id}/unblock`, { as: admin })
    expect(await types()).toEqual(['account.updated'])
    const alice = await t.account({ username: 'alice02' })
    const visit = { address: '192.0.2.7', userAgent: null, caller: null, space: t.main, id: 'r1' }
    await t.db.transaction((tx) => t.parts.accounts.blockAutomatically(tx, t.main, alice.id, visit as never, 'test'))
    expect(await told()).toMatchObject([{ type: 'account.blocked', data: { username: 'alice02', blocked: true } }])
  })

  test('that moves to another Space ends in the one and begins in the other', async () => {
    const id = await create()
    const body = { ...NEW, domain: 'sip.other.org' }
    expect((await t.put(`/api/accounts/${id}`, { as: admin, body })).status).toBe(200)
    expect(await told()).toMatchObject([{ type: 'account.deleted', data: { id, domain: 'sip.example.org' } }])
    const begun = theirs.received.map(({ json }) => [json.type, json.data.domain])
    expect(begun).toEqual([
      ['account.created', 'sip.other.org'],
      ['password.changed', 'sip.other.org'],
      ['account.updated', 'sip.other.org'],
    ])
  })

  test('has another password: told once, whoever set it', async () => {
    const alice = await t.account({ username: 'alice02' })
    const changed = { old_password: 'correct-horse', password: 'battery-staple', algorithm: 'SHA-256' }
    expect((await t.post('/api/accounts/me/password', { as: alice, body: changed })).status).toBe(200)
    expect(await told()).toMatchObject([
      { type: 'password.changed', data: { id: alice.id, passwords: [{ algorithm: 'SHA-256' }] } },
    ])
    await t.put(`/api/accounts/${alice.id}`, {
      as: admin,
      body: { username: 'alice02', password: 'horse-battery', algorithm: 'MD5' },
    })
    expect(await types()).toEqual(['password.changed', 'account.updated'])
    const headers = { 'x-linphone-provisioning': '1' }
    const { json } = await t.get(`/api/accounts/${alice.id}/provision`, { as: admin })
    expect((await t.get(`/provisioning/${json.provisioning_token}?reset_password`, { headers })).status).toBe(200)
    expect(await types()).toEqual(['password.changed', 'account.provisioned'])
  })
})

describe('a call', () => {
  const call = {
    id: 'c1',
    from: 'alice01@sip.example.org',
    to: 'bob@sip.other.org',
    initiated_at: '2026-06-01T10:00:00Z',
  }

  test('that ends is told to both sides once, however often its end is reported', async () => {
    await t.post('/api/statistics/calls', { as: admin, body: { ...call, devices: ['phone'] } })
    expect(await types()).toEqual([])
    for (const ended_at of ['2026-06-01T10:01:00Z', '2026-06-01T10:02:00Z']) {
      expect((await t.send('PATCH', '/api/statistics/calls/c1', { as: admin, body: { ended_at } })).status).toBe(200)
    }
    const data = {
      id: 'c1',
      from_username: 'alice01',
      ended_at: '2026-06-01T10:01:00.000000Z',
      devices: [{ device_id: 'phone' }],
    }
    expect(await told()).toMatchObject([{ type: 'call.ended', space: { domain: 'sip.example.org' }, data }])
    expect(theirs.received.map(({ json }) => json)).toMatchObject([
      { type: 'call.ended', space: { domain: 'sip.other.org' }, data },
    ])
  })

  test('of which several report the end at once is told once', async () => {
    await t.post('/api/statistics/calls', { as: admin, body: call })
    const end = () =>
      t.send('PATCH', '/api/statistics/calls/c1', { as: admin, body: { ended_at: '2026-06-01T10:01:00Z' } })
    expect((await Promise.all(Array.from({ length: 6 }, end))).map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(await types()).toEqual(['call.ended'])
    expect(theirs.received).toHaveLength(1)
  })

  test('within a Space that is reported when it has ended already is told once', async () => {
    const body = { ...call, to: 'bob@sip.example.org', ended_at: '2026-06-01T10:01:00Z' }
    await t.post('/api/statistics/calls', { as: admin, body })
    expect(await types()).toEqual(['call.ended'])
    expect(await types(theirs)).toEqual([])
  })
})

test('a voicemail that was left is told when its file is there, without what opens it', async () => {
  const id = await create()
  const body = { content_type: 'audio/wav', sip_from: 'sip:bob@sip.example.org' }
  const { json: slot } = await t.post(`/api/accounts/${id}/voicemails`, { as: admin, body })
  expect(await types()).toEqual([])
  const { json: filled } = await t.post(`/api/files/${slot.id}`, { as: admin, ...form(wav()) })
  const [event, ...more] = await told()
  expect(more).toEqual([])
  expect(event).toMatchObject({
    type: 'voicemail.received',
    data: {
      account: { id, sip_uri: 'sip:alice01@sip.example.org' },
      voicemail: { id: slot.id, sip_from: body.sip_from },
    },
  })
  expect(JSON.stringify(event)).not.toContain(filled.name)
  expect(JSON.stringify(event)).not.toContain(new URL(filled.download_url).searchParams.get('signature') ?? '-')
})

test.skipIf(!hasProgram('redis-server'))(
  'a device that somebody removes is told, one that is not there is not',
  async () => {
    const redis = await startRedis()
    await t.close()
    for (const one of [ours, theirs]) await one.close()
    await start({ REDIS_URL: redis.url })
    try {
      const alice = await t.account({ username: 'alice02' })
      const uuid = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
      await redis.register('alice02@sip.example.org', uuid)
      expect((await t.delete(`/api/accounts/me/devices/${uuid}`, { as: alice })).json).toBe(1)
      expect(await told()).toMatchObject([
        { type: 'device.removed', data: { account: { id: alice.id, username: 'alice02' }, device: { uuid } } },
      ])
      await t.delete(`/api/accounts/me/devices/${uuid}`, { as: alice })
      expect(await types()).toEqual([])
    } finally {
      t.parts.registrar.close()
      await redis.stop()
    }
  },
)

describe('a Space', () => {
  const SPACE = { domain: 'sip.new.org', host: 'new.localhost', name: 'New' }

  test('that comes, changes and goes is told to the webhooks of super Spaces alone', async () => {
    expect((await t.post('/api/spaces', { as: admin, body: { ...SPACE, max_accounts: 0 } })).status).toBe(201)
    expect(await told()).toMatchObject([{ type: 'space.created', space: SPACE, data: { domain: 'sip.new.org' } }])
    const whole = (await t.get('/api/spaces/sip.new.org', { as: admin })).json
    await t.put('/api/spaces/sip.new.org', { as: admin, body: { ...whole, name: 'Newer' } })
    expect(await told()).toMatchObject([{ type: 'space.updated', space: { name: 'Newer' } }])
    await t.post('/api/spaces/sip.new.org/carddavs', { as: admin, body: { uri: 'https://dav.example.org/' } })
    expect(await told()).toMatchObject([{ type: 'space.updated', data: { carddav_servers: [{ id: 1 }] } }])
    const server = { host: 'mail.example.org', port: 587, username: 'us', password: 'mail-secret' }
    await t.post('/api/spaces/sip.new.org/email', { as: admin, body: server })
    const [withServer] = await told()
    expect(withServer).toMatchObject({ type: 'space.updated', data: { email_server: { host: 'mail.example.org' } } })
    expect(JSON.stringify(withServer)).not.toContain('mail-secret')
    await t.delete('/api/spaces/sip.new.org/email', { as: admin })
    expect(await types()).toEqual(['space.updated'])
    await t.parts.spaceAdministration.upsert({ ...SPACE, uniqueEmail: true })
    expect(await told()).toMatchObject([{ type: 'space.updated', data: { name: 'New', unique_email: true } }])
    await t.parts.spaceAdministration.upsert({ domain: 'sip.cli.org', host: 'cli.localhost', name: 'Cli' })
    expect(await types()).toEqual(['space.created'])
    await t.delete('/api/spaces/sip.new.org', { as: admin })
    expect(await told()).toMatchObject([{ type: 'space.deleted', space: { domain: 'sip.new.org' } }])
    expect(await types(theirs)).toEqual([])
  })
})

describe('what is told', () => {
  test('is what administrators see of an account, but for what opens it', async () => {
    const id = await create()
    await t.put(`/api/accounts/${id}`, {
      as: admin,
      body: { username: 'alice01', algorithm: 'MD5', dtmf_protocol: 'sipinfo' },
    })
    await t.post(`/api/accounts/${id}/actions`, { as: admin, body: { key: 'open', code: '70914' } })
    const event = (await told()).at(-1)
    const { json: shown } = await t.get(`/api/accounts/${id}`, { as: admin })
    const left = ['provisioning_token', 'provisioning_token_expire_at', 'realm', 'creation_time', 'email_changed']
    const keyless = [...left, 'confirmation_key', 'confirmation_key_expires']
    const expected = [...Object.keys(shown).filter((name) => !keyless.includes(name)), 'passwords']
    expect(Object.keys(event.data).sort()).toEqual(expected.sort())
    expect(event.data.actions).toEqual([{ id: expect.any(Number), key: 'open' }])
  })

  test('never holds a password, a hash, a token, a key or a code', async () => {
    const { json: made } = await t.post('/api/accounts', { as: admin, body: { ...NEW, dtmf_protocol: 'sipinfo' } })
    const alice = { id: made.id, username: 'alice01', domain: 'sip.example.org', password: NEW.password, key: '' }
    await t.post(`/api/accounts/${made.id}/actions`, { as: admin, body: { key: 'open', code: '70914' } })
    const key = await t.db.transaction((tx) => t.parts.apiKeys.regenerate(tx, made.id, null))
    const me = { as: { ...alice, key } }
    await t.post('/api/accounts/me/email/request', { ...me, body: { email: 'new@example.org' } })
    await t.put(`/api/accounts/${made.id}`, {
      as: admin,
      body: { ...NEW, password: 'battery-staple', dtmf_protocol: 'sipinfo' },
    })
    const { json: renewed } = await t.get(`/api/accounts/${made.id}/provision`, { as: admin })
    const { json: whole } = await t.get(`/api/accounts/${made.id}`, { as: admin })
    await t.get(`/provisioning/${renewed.provisioning_token}`, { headers: { 'x-linphone-provisioning': '1' } })
    await t.delete(`/api/accounts/${made.id}`, { as: admin })
    await told()
    const hashes = (['MD5', 'SHA-256'] as const).flatMap((algorithm) =>
      ['correct-horse', 'battery-staple'].map((password) => ha1(algorithm, 'alice01', 'sip.example.org', password)),
    )
    const codes = (await t.messages()).flatMap(({ data }) => [data?.code, data?.code_link]).filter(Boolean) as string[]
    const { confirmation_key: pending = 'none pending' } = whole
    const secrets = ['correct-horse', 'battery-staple', '70914', key, pending, ...hashes, ...codes]
    const tokens = [made.provisioning_token, renewed.provisioning_token]
    expect(codes.length).toBeGreaterThan(0)
    for (const secret of [...secrets, ...tokens]) expect(String(secret).length).toBeGreaterThan(3)
    expect(everything.length).toBeGreaterThan(6)
    const leaks = everything.filter((body) => [...secrets, ...tokens].some((secret) => body.includes(String(secret))))
    expect(leaks).toEqual([])
  })

  test('costs nothing where nobody listens: no row, and no query while that is remembered', async () => {
    await t.db.transaction((tx) => tx.update(t.db.tables.webhooks).set({ enabled: false }))
    t.parts.webhookNews.forget()
    await create()
    const rows = await t.db.read.select().from(t.db.tables.outboxMessages)
    expect(rows.filter(({ channel }) => channel === 'webhook')).toEqual([])
    const nobody = {
      select: () => {
        throw new Error('it was looked for')
      },
    }
    expect(await t.parts.webhookNews.isAwaited(nobody as never, 'sip.example.org', 'account.created')).toBe(false)
  })
})
