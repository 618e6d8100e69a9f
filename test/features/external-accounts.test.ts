import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Dispatcher } from '../../src/outbox/dispatcher.ts'
import { dispatcherOf } from '../outbox/recording.ts'
import { listen, type RedisServer, startRedis } from '../registrar/servers.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'

// The account that an account has with a carrier (behaviour/telephony.md §1).

const CHANNEL = 'flexisip/B2BUA/account'
const LINE = { username: 'ext', domain: 'carrier.example', password: 'carrier-horse', protocol: 'UDP' }

let t: TestApp
let admin: TestAccount
let carol: TestAccount
let at: string

const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
}
const fresh = async () => {
  carol = await t.account({})
  at = `/api/accounts/${carol.id}/external`
}
const set = (changed: object = {}, url = at) => t.post(url, { as: admin, body: { ...LINE, ...changed } })
const rows = () => t.db.read.select().from(t.db.tables.externalAccounts)
const md5 = (text: string) => Bun.MD5.hash(text, 'hex')

describe('an external account', () => {
  beforeAll(() => start())
  afterAll(() => t.close())
  beforeEach(async () => {
    await t.db.transaction((tx) => tx.delete(t.db.tables.externalAccounts))
    await fresh()
  })

  test('is an administrator’s: not a stranger’s, not its account’s, not another Space’s', async () => {
    const foreign = await t.account({ space: t.other, admin: true })
    await set()
    const before = await t.snapshot()
    for (const method of ['GET', 'POST', 'DELETE']) {
      const body = method === 'POST' ? { body: { ...LINE, username: 'other' } } : {}
      expect([method, (await t.send(method, at, body)).status]).toEqual([method, 401])
      expect([method, (await t.send(method, at, { as: carol, ...body })).status]).toEqual([method, 403])
      const elsewhere = await t.send(method, at, { as: foreign, host: 'other.localhost', ...body })
      expect([method, elsewhere.status]).toEqual([method, 404])
      for (const id of ['99999', '0', 'x', '-1', '4294967296']) {
        const nobody = await t.send(method, `/api/accounts/${id}/external`, { as: admin, ...body })
        expect([method, id, nobody.status]).toEqual([method, id, 404])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('that is none is 404 to read and nothing to delete', async () => {
    expect((await t.get(at, { as: admin })).json).toEqual({ message: 'This account has no external account.' })
    const gone = await t.delete(at, { as: admin })
    expect([gone.status, gone.text]).toEqual([200, ''])
  })

  test('refuses all that is wrong at once, before it looks for the account', async () => {
    const before = await t.snapshot()
    const nowhere = await t.post('/api/accounts/99999/external', { as: admin, body: {} })
    expect([nowhere.status, Object.keys(nowhere.json.errors)]).toEqual([422, ['username', 'domain', 'protocol']])
    for (const [changed, field] of [
      [{ username: 'white space' }, 'username'],
      [{ username: 'x'.repeat(65) }, 'username'],
      [{ username: {} }, 'username'],
      [{ domain: 'Carrier.example' }, 'domain'],
      [{ domain: 'carrier' }, 'domain'],
      [{ domain: 'carrier.example:5060' }, 'domain'],
      [{ domain: '[2001:db8::1]' }, 'domain'],
      [{ domain: '999.1.1.1' }, 'domain'],
      [{ domain: `${'x'.repeat(60)}.example` }, 'domain'],
      [{ protocol: 'udp' }, 'protocol'],
      [{ protocol: 'SCTP' }, 'protocol'],
      [{ protocol: null }, 'protocol'],
      [{ realm: LINE.domain }, 'realm'],
      [{ registrar: LINE.domain }, 'registrar'],
      [{ outbound_proxy: LINE.domain }, 'outbound_proxy'],
      [{ registrar: 'x'.repeat(65) }, 'registrar'],
      [{ realm: 'one\nline' }, 'realm'],
      [{ password: null }, 'password'],
      [{ password: undefined }, 'password'],
      [{ password: '' }, 'password'],
      [{ password: {} }, 'password'],
    ] as const) {
      const reply = await set(changed)
      expect([changed, reply.status, Object.keys(reply.json.errors)]).toEqual([changed, 422, [field]])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('is made once (201) and replaced as a whole afterwards (200); its HA1 never leaves', async () => {
    const made = await set({ realm: 'voice', registrar: 'reg.carrier.example', outbound_proxy: 'edge.carrier.example' })
    expect([made.status, made.headers.get('warning')]).toEqual([201, null])
    const { id, created_at, updated_at, ...rest } = made.json
    expect(rest).toEqual({
      account_id: carol.id,
      username: 'ext',
      domain: 'carrier.example',
      realm: 'voice',
      registrar: 'reg.carrier.example',
      outbound_proxy: 'edge.carrier.example',
      protocol: 'UDP',
      algorithm: 'MD5',
    })
    expect([typeof id, created_at, updated_at]).toEqual(['number', '2026-06-01T12:00:00.000000Z', created_at])
    expect((await t.get(at, { as: admin })).json).toEqual(made.json)
    expect((await rows())[0]?.password).toBe(md5('ext:voice:carrier-horse'))

    const replaced = await set({ protocol: 'TLS' })
    expect(replaced.status).toBe(200)
    expect(replaced.json).toMatchObject({ id, realm: null, registrar: null, outbound_proxy: null, protocol: 'TLS' })
    expect((await rows()).map(({ password }) => password)).toEqual([md5('ext:carrier.example:carrier-horse')])
    for (const text of [made.text, replaced.text, ...t.lines]) {
      expect(text).not.toMatch(new RegExp(`carrier-horse|${md5('ext:carrier.example:carrier-horse')}|"password"`))
    }
    expect((await t.delete(at, { as: admin })).text).toBe('1')
    expect((await t.get(at, { as: admin })).status).toBe(404)
  })

  test('may live at an address, and its password be any text', async () => {
    for (const domain of ['192.0.2.4', '2345:425:2CA1:0000:0000:567:5673:23b5', '2001:db8::1']) {
      expect([domain, (await set({ domain, password: ' p:ä ' })).json.domain]).toEqual([domain, domain])
      expect((await rows())[0]?.password).toBe(md5(`ext:${domain}: p:ä `))
    }
    expect((await set({ username: 1001, password: 1234 })).json.username).toBe('1001')
    expect((await rows())[0]?.password).toBe(md5('1001:carrier.example:1234'))
  })

  test('needs its password again with another realm or domain, and only then', async () => {
    await set({ realm: 'voice' })
    const kept = (await rows())[0]?.password
    const without = { ...LINE, password: undefined, realm: 'voice' }
    const same = await set({ ...without, registrar: 'reg.carrier.example' })
    expect([same.status, same.headers.get('warning')]).toEqual([200, null])
    const before = await t.snapshot()
    for (const changed of [{ realm: null }, { realm: undefined }, { realm: 'other' }, { domain: 'other.example' }]) {
      const reply = await set({ ...without, ...changed })
      expect([changed, reply.status, reply.json.errors]).toEqual([
        changed,
        422,
        { password: ['The password is needed for a new external account, and when its domain or realm changes.'] },
      ])
    }
    expect(await t.snapshot()).toBe(before)
    const renamed = await set({ ...without, username: 'other' })
    expect([renamed.status, renamed.json.username, renamed.headers.get('warning')]).toEqual([
      200,
      'other',
      '299 - "stored credential no longer matches"',
    ])
    expect((await rows())[0]?.password).toBe(kept)
    expect((await set({ username: 'other', realm: 'voice' })).headers.get('warning')).toBe(null)
    expect((await rows())[0]?.password).toBe(md5('other:voice:carrier-horse'))
  })

  test('belongs to one account of all Spaces, also when several ask at once', async () => {
    await set()
    expect((await set()).status).toBe(200)
    const elsewhere = await t.account({ space: t.other })
    const boss = await t.account({ space: t.other, admin: true })
    const url = `/api/accounts/${elsewhere.id}/external`
    const taken = await t.post(url, { as: boss, host: 'other.localhost', body: LINE })
    expect([taken.status, taken.json.errors]).toEqual([422, { username: ['The username is already used.'] }])

    const others = await Promise.all(Array.from({ length: 8 }, () => t.account({})))
    const all = await Promise.all(
      others.map(({ id }) => set({ username: 'wanted' }, `/api/accounts/${id}/external`).then(({ status }) => status)),
    )
    expect(all.toSorted()).toEqual([201, ...Array(7).fill(422)])
    // The others have a line of their own by now, and all want to rename it.
    for (const [index, { id }] of others.entries()) {
      await set({ username: `own${index}` }, `/api/accounts/${id}/external`)
    }
    const renamed = await Promise.all(
      others.map(({ id }) => set({ username: 'again' }, `/api/accounts/${id}/external`).then(({ status }) => status)),
    )
    expect(renamed.toSorted()).toEqual([200, ...Array(7).fill(422)])
    const same = await Promise.all(Array.from({ length: 8 }, () => set({ username: 'once' })))
    expect(same.map(({ status }) => status)).toEqual(Array(8).fill(200))
  })

  test('goes with its account', async () => {
    await set()
    await t.delete(`/api/accounts/${carol.id}`, { as: admin })
    expect(await rows()).toEqual([])
  })
})

describe('a Redis that is away', () => {
  afterAll(() => t.close())

  test('is a line in the log: the request succeeds, and what is to be said waits', async () => {
    await start({ REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' })
    await fresh()
    expect((await set()).status).toBe(201)
    expect((await t.delete(at, { as: admin })).status).toBe(200)
    const sending = dispatcherOf(t, t.parts.channels)
    await sending.settle()
    const lost = t.logged('message not sent yet').map((line) => JSON.parse(line))
    // What is after it waits for its turn, and for a Redis.
    expect(lost[0]).toMatchObject({ level: 'warn', kind: 'external_account', attempts: 1 })
    expect((await t.messages()).map(({ channel, isDead }) => [channel, isDead])).toEqual([
      ['bridge', false],
      ['bridge', false],
    ])
    await sending.stop()
  })
})

describe.skipIf(!hasProgram('redis-server'))('the bridge', () => {
  let redis: RedisServer
  let radio: Awaited<ReturnType<typeof listen>>
  let sending: Dispatcher
  beforeAll(async () => {
    redis = await startRedis()
    await start({ REDIS_URL: redis.url })
    sending = dispatcherOf(t, t.parts.channels)
    await sending.start()
  })
  afterAll(async () => {
    await sending.stop()
    t.parts.registrar.close()
    await t.close()
    await redis.stop()
  })
  beforeEach(async () => {
    radio = await listen(redis, CHANNEL)
    await fresh()
  })
  const heard = async (count: number) => {
    const deadline = Date.now() + 5000
    while (radio.heard.length < count && Date.now() < deadline) await Bun.sleep(2)
    radio.stop()
    return radio.heard.map(([, message]) => JSON.parse(message))
  }

  test('hears of what was made, changed and deleted, with the id as text, and of nothing that was refused', async () => {
    const username = `line${carol.id}`
    const { id } = (await set({ username })).json
    await set({ username, domain: 'carrier' })
    await set({ username, protocol: 'TCP' })
    await t.delete(at, { as: admin })
    await t.delete(at, { as: admin })
    const message = { username, domain: 'carrier.example', identifier: String(id) }
    expect(await heard(3)).toEqual([message, message, message])
  })

  test('hears of a renamed one under its old and its new address: it aborts where they do not match', async () => {
    const username = `line${carol.id}`
    const { id } = (await set({ username })).json
    await set({ username: `${username}b` })
    await set({ username: `${username}b`, domain: 'other.example', password: 'correct-horse' })
    await set({ username: `${username}b`, domain: 'other.example', protocol: 'TCP' })
    await t.delete(at, { as: admin })
    const told = (name: string, domain: string) => ({ username: name, domain, identifier: String(id) })
    expect(await heard(7)).toEqual([
      told(username, 'carrier.example'),
      told(username, 'carrier.example'),
      told(`${username}b`, 'carrier.example'),
      told(`${username}b`, 'carrier.example'),
      told(`${username}b`, 'other.example'),
      told(`${username}b`, 'other.example'),
      told(`${username}b`, 'other.example'),
    ])
  })

  test('hears after the commit: another process sees what it is told of', async () => {
    const other = t.database.reopen()
    const seen: unknown[] = []
    const client = new Bun.RedisClient(redis.url)
    await client.connect()
    await client.subscribe(CHANNEL, async () => {
      seen.push(await other.read.select().from(t.db.tables.externalAccounts))
    })
    await set({ username: 'committed' })
    const deadline = Date.now() + 5000
    while (seen.length === 0 && Date.now() < deadline) await Bun.sleep(2)
    expect(seen).toMatchObject([[{ username: 'committed' }]])
    client.close()
    await other.close()
  })

  test('hears of what an account takes along, deleted by anybody, or with its Space', async () => {
    const alpha = await t.space({ domain: 'sip.alpha.org', host: 'alpha.localhost' })
    const boss = await t.account({ space: alpha, admin: true })
    const members = await Promise.all([1, 2, 3].map(() => t.account({ space: alpha })))
    const at = { as: boss, host: 'alpha.localhost' }
    for (const { id, username } of members) {
      await t.post(`/api/accounts/${id}/external`, { ...at, body: { ...LINE, username } })
    }
    const [first, second, third] = members as [TestAccount, TestAccount, TestAccount]
    await t.delete('/api/accounts/me', { as: first, host: 'alpha.localhost' })
    await t.delete(`/api/accounts/${second.id}`, at)
    expect((await t.delete('/api/spaces/sip.alpha.org', { as: admin })).text).toBe('1')
    const names = (await heard(6)).map(({ username }) => username)
    expect(names.slice(3).sort()).toEqual([first, second, third].map(({ username }) => username).sort())
  })
})
