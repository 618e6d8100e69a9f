import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Dispatcher } from '../../src/outbox/dispatcher.ts'
import { dispatcherOf } from '../outbox/recording.ts'
import { listen, type RedisServer, startRedis } from '../registrar/servers.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { testFolder } from '../support/folder.ts'
import { type UnixServer, unixServer } from '../support/unix-server.ts'

// Flexisip remembers passwords and phones, and must forget them (behaviour/telephony.md §13).

let t: TestApp
let sending: Dispatcher | null = null
let flexisip: UnixServer
let admin: TestAccount
let alice: TestAccount

beforeEach(async () => {
  flexisip = unixServer(() => 'Done\n')
  await flexisip.start()
})
afterEach(async () => {
  await sending?.stop()
  sending = null
  await t.close()
  await flexisip.stop()
})

const install = async (env: Record<string, string> = { FLEXISIP_CLI_SOCKET: flexisip.path }) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
  alice = await t.account({ username: 'alice' })
}
/** What Flexisip has heard once everything that waits was said. */
const heard = async () => {
  sending ??= dispatcherOf(t, t.parts.channels)
  await sending.settle()
  return flexisip.heard.splice(0)
}
const FORGET_ALICE = 'AUTH_CACHE_DELETE sip:alice@sip.example.org'
const act = (what: string, as = admin) => t.post(`/api/accounts/${alice.id}/${what}`, { as })
const put = (body: object) =>
  t.send('PUT', `/api/accounts/${alice.id}`, { as: admin, body: { username: 'alice', algorithm: 'SHA-256', ...body } })

describe('Flexisip forgets the old password', () => {
  test('not when the change was refused, nor when something else changed', async () => {
    await install()
    const body = { algorithm: 'SHA-256', password: 'battery-staple', old_password: 'wrong-horse' }
    expect((await t.post('/api/accounts/me/password', { as: alice, body })).status).toBe(422)
    expect((await put({ display_name: 'Alice' })).status).toBe(200)
    expect((await act('activate')).status).toBe(200)
    expect((await act('unblock')).status).toBe(200)
    expect(await heard()).toEqual([])
  })

  test('when its owner or an administrator sets another one', async () => {
    await install()
    const body = { algorithm: 'SHA-256', password: 'battery-staple', old_password: 'correct-horse' }
    expect((await t.post('/api/accounts/me/password', { as: alice, body })).status).toBe(200)
    expect(await heard()).toEqual([FORGET_ALICE])
    expect((await put({ password: 'staple-battery' })).status).toBe(200)
    expect(await heard()).toEqual([FORGET_ALICE])
  })

  test('when a document resets it', async () => {
    await install()
    await t.get('/provisioning/me?reset_password', { as: alice, headers: { 'x-linphone-provisioning': '1' } })
    expect(await heard()).toEqual([FORGET_ALICE])
  })

  test('when its phone is lost', async () => {
    await install()
    await act('replace_phone')
    expect(await heard()).toEqual([FORGET_ALICE])
  })

  test('of an account that is blocked, by whomever, switched off, or gone', async () => {
    await install()
    await act('block')
    expect(await heard()).toEqual([FORGET_ALICE])
    await act('block')
    await act('deactivate')
    expect(await heard()).toEqual([])
    await act('unblock')
    await act('activate')
    await act('deactivate')
    expect(await heard()).toEqual([FORGET_ALICE])
    await t.delete(`/api/accounts/${alice.id}`, { as: admin })
    expect(await heard()).toEqual([FORGET_ALICE])
  })

  test('of the name that an account had before, and of all accounts of a Space that goes', async () => {
    await install()
    expect((await put({ username: 'alicia', password: 'battery-staple' })).status).toBe(200)
    expect((await heard()).sort()).toEqual([FORGET_ALICE, 'AUTH_CACHE_DELETE sip:alicia@sip.example.org'])
    await t.account({ username: 'olga', space: t.other })
    await t.account({ username: 'otto', space: t.other })
    expect((await t.delete('/api/spaces/sip.other.org', { as: admin })).status).toBe(200)
    const gone = ['olga', 'otto'].map((name) => `AUTH_CACHE_DELETE sip:${name}@sip.other.org`)
    expect((await heard()).sort()).toEqual(gone)
  })

  test('of an account that nobody activated for a month', async () => {
    await install()
    const old = await t.account({ username: 'never', activated: false })
    t.later(31 * 86_400_000)
    const how = { apply: true, confirmed: false, domain: null }
    expect(await t.parts.housekeeping.unconfirmed(30, how)).toBeGreaterThan(0)
    expect(await heard()).toContain(`AUTH_CACHE_DELETE sip:${old.username}@sip.example.org`)
  })

  test('once it is there again, and until it has answered', async () => {
    await install()
    await flexisip.pause()
    await act('block')
    expect(await heard()).toEqual([])
    const waiting = async () => (await t.parts.outbox.list({ most: 10, unsent: true })).map(({ channel }) => channel)
    expect(await waiting()).toEqual(['proxy'])
    await flexisip.start()
    t.later(60_000)
    expect(await heard()).toEqual([FORGET_ALICE])
    expect(await waiting()).toEqual([])
  })

  test('nothing waits where neither socket nor Redis is named', async () => {
    await install({})
    await act('block')
    await t.delete(`/api/accounts/${alice.id}`, { as: admin })
    expect(await t.parts.outbox.list({ most: 10, unsent: false })).toEqual([])
  })
})

test('these bytes are said on a connection of their own, and nothing before or after them', async () => {
  const said: Buffer[] = []
  const path = join(mkdtempSync(join(testFolder, 'cli-')), 'socket')
  const server = createServer((socket) => {
    const pieces: Buffer[] = []
    // It answers once it has heard a while, as one that reads what is there.
    socket.on('data', (piece: Buffer) => pieces.push(piece) && socket.write('Done'))
    socket.on('close', () => said.push(Buffer.concat(pieces)))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  await install({ FLEXISIP_CLI_SOCKET: path })
  const body = { algorithm: 'SHA-256', password: 'battery-staple', old_password: 'correct-horse' }
  for (const of of [alice, admin]) await t.post('/api/accounts/me/password', { as: of, body })
  await heard()
  await new Promise((resolve) => server.close(resolve))
  expect(said.map(String).sort()).toEqual([
    'AUTH_CACHE_DELETE sip:admin@sip.example.org\n',
    'AUTH_CACHE_DELETE sip:alice@sip.example.org\n',
  ])
})

test('one that closes without a word is told again', async () => {
  let answer = 'close'
  const deaf = unixServer(() => answer)
  await deaf.start()
  await install({ FLEXISIP_CLI_SOCKET: deaf.path })
  await act('block')
  await heard()
  expect(deaf.heard).toEqual([FORGET_ALICE])
  answer = 'Error: no such entry\n'
  t.later(60_000)
  await heard()
  await heard()
  expect(deaf.heard).toEqual([FORGET_ALICE, FORGET_ALICE])
  expect(await t.parts.outbox.list({ most: 10, unsent: true })).toEqual([])
  await deaf.stop()
})

test('doctor says whether Flexisip listens', async () => {
  await install()
  expect(await t.parts.sipProxy.check()).toMatchObject({ name: 'Flexisip', ok: true })
  await flexisip.pause()
  expect(await t.parts.sipProxy.check()).toMatchObject({ name: 'Flexisip', ok: false })
  expect(flexisip.heard).toEqual([])
})

describe.skipIf(!hasProgram('redis-server'))('the registrar', () => {
  const ALICE = 'alice@sip.example.org'
  const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
  let redis: RedisServer
  beforeEach(async () => {
    redis = await startRedis()
  })
  afterEach(() => redis.stop())
  const isRegistered = async (address = ALICE) => (await redis.send('EXISTS', `fs:${address}`)) === 1

  test.each([
    ['blocked', () => act('block')],
    ['switched off', () => act('deactivate')],
    ['deleted', () => t.delete(`/api/accounts/${alice.id}`, { as: admin })],
  ])('forgets the phones of an account that is %s, and the proxy hears of it', async (_, close) => {
    await install({ REDIS_URL: redis.url })
    await redis.register(ALICE, PHONE)
    await redis.register('admin@sip.example.org', PHONE)
    const radio = await listen(redis, ALICE)
    expect((await close()).status).toBe(200)
    await heard()
    expect([await isRegistered(), await isRegistered('admin@sip.example.org')]).toEqual([false, true])
    expect(radio.heard).toEqual([[ALICE, '']])
    radio.stop()
  })

  test('keeps them after a new password, and where the account is open again before it was asked', async () => {
    await install({ REDIS_URL: redis.url, FLEXISIP_CLI_SOCKET: flexisip.path })
    await redis.register(ALICE, PHONE)
    await put({ password: 'battery-staple' })
    await act('block')
    await act('unblock')
    expect(await heard()).toEqual([FORGET_ALICE, FORGET_ALICE])
    expect(await isRegistered()).toBe(true)
  })

  test('is asked only after Flexisip has forgotten the password: a phone would be back with it at once', async () => {
    await install({ REDIS_URL: redis.url, FLEXISIP_CLI_SOCKET: flexisip.path })
    await redis.register(ALICE, PHONE)
    await flexisip.pause()
    await act('block')
    await heard()
    expect(await isRegistered()).toBe(true)
    await flexisip.start()
    t.later(60_000)
    expect(await heard()).toEqual([FORGET_ALICE])
    expect(await isRegistered()).toBe(false)
  })

  test('forgets a phone that is lost, and keeps the one that was set up in its place meanwhile', async () => {
    await install({ REDIS_URL: redis.url, FLEXISIP_CLI_SOCKET: flexisip.path })
    const seconds = () => Math.floor(t.clock.now.getTime() / 1000)
    await redis.register(ALICE, PHONE, { updatedAt: seconds() })
    await flexisip.pause()
    expect((await act('replace_phone')).status).toBe(200)
    expect(await isRegistered()).toBe(false)
    await heard()
    // Flexisip still knows the old password: the phone is back at once.
    t.later(60_000)
    await redis.register(ALICE, PHONE, { updatedAt: seconds() })
    await flexisip.start()
    const next = 'urn:uuid:00000000-5b7a-4c1d-9a55-0d2f6a1b7c33'
    await redis.register(ALICE, next, { updatedAt: seconds() })
    expect(new Set(await heard())).toEqual(new Set([FORGET_ALICE]))
    expect(await redis.send('HKEYS', `fs:${ALICE}`)).toEqual([`"<${next}>"`])
  })

  test('forgets with a lost phone whatever came back and does not say since when it is registered', async () => {
    await install({ REDIS_URL: redis.url, FLEXISIP_CLI_SOCKET: flexisip.path })
    await flexisip.pause()
    expect((await act('replace_phone')).status).toBe(200)
    await heard()
    t.later(60_000)
    const contact = `<sip:alice@192.0.2.1;updatedAt=soon>;+sip.instance="<${PHONE}>"`
    await redis.send('HSET', `fs:${ALICE}`, `"<${PHONE}>"`, contact)
    await flexisip.start()
    await heard()
    expect(await redis.send('HKEYS', `fs:${ALICE}`)).toEqual([])
  })
})
