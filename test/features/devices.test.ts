import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { dispatcherOf } from '../outbox/recording.ts'
import { listen, type RedisServer, startRedis, startServer } from '../registrar/servers.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'
import { hasProgram } from '../support/executable.ts'

// The phones of an account, as Flexisip's registrar knows them (behaviour/telephony.md §2).

const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'
const DESK = 'urn:uuid:0f8c2f4e-5a0b-4c3e-9d57-2f3f8f6c1a20'
const NOW = Date.parse('2026-06-01T12:00:00Z') / 1000

test('without Redis there are no devices, removing one says nothing, and nothing is logged', async () => {
  const t = await testApp()
  const admin = await t.account({ admin: true })
  for (const whose of ['me', admin.id]) {
    const list = await t.get(`/api/accounts/${whose}/devices`, { as: admin })
    expect([list.status, list.text, list.headers.get('content-type')]).toEqual([200, '{}', 'application/json'])
    const removed = await t.delete(`/api/accounts/${whose}/devices/${PHONE}`, { as: admin })
    expect([removed.status, removed.text]).toEqual([200, ''])
  }
  expect(t.lines).toEqual([])
  await t.close()
})

test('while Redis says nothing a hundred requests wait together, not one after the other, and the log has one line', async () => {
  const silent = await startServer(() => {})
  const t = await testApp({ env: { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(silent.port) } })
  const user = await t.account()
  const path = '/api/accounts/me/devices'
  await t.get('/api/accounts/me', { as: user })
  const started = performance.now()
  const replies = await Promise.all([
    ...Array.from({ length: 50 }, () => t.get(path, { as: user })),
    ...Array.from({ length: 50 }, () => t.delete(`${path}/${PHONE}`, { as: user })),
  ])
  expect(performance.now() - started).toBeLessThan(15_000)
  expect(new Set(replies.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['200 {}', '200 ']))
  expect(t.lines.map((line) => JSON.parse(line).msg)).toEqual(['the registrar cannot be asked, no devices are shown'])
  silent.stop()
  await t.close()
})

describe.skipIf(!hasProgram('redis-server'))('devices', () => {
  let redis: RedisServer
  let t: TestApp
  let admin: TestAccount
  let alice: TestAccount
  let address: string
  beforeAll(async () => {
    redis = await startRedis()
    t = await testApp({ env: { REDIS_URL: redis.url } })
    admin = await t.account({ username: 'admin', admin: true })
  })
  afterAll(async () => {
    t.parts.registrar.close()
    await t.close()
    await redis.stop()
  })
  beforeEach(async () => {
    await redis.send('FLUSHALL')
    alice = await t.account()
    address = `${alice.username}@${alice.domain}`
    t.lines.length = 0
  })

  const own = '/api/accounts/me/devices'
  const list = async () => (await t.get(own, { as: alice })).json
  const event = () => t.logged('device.removed')
  const fields = (of = address) => redis.send('HLEN', `fs:${of}`)

  test('are their account’s and its administrators’: not a stranger’s, not another Space’s', async () => {
    const foreign = await t.account({ space: t.other, admin: true })
    await redis.register(address, PHONE)
    const published = await listen(redis, address)
    const path = `/api/accounts/${alice.id}/devices`
    for (const [method, url] of [
      ['GET', path],
      ['DELETE', `${path}/${PHONE}`],
    ] as const) {
      expect([url, (await t.send(method, url)).status]).toEqual([url, 401])
      expect([url, (await t.send(method, url, { as: alice })).status]).toEqual([url, 403])
      expect([url, (await t.send(method, url, { as: foreign, host: 'other.localhost' })).status]).toEqual([url, 404])
      for (const nobody of ['99999', '0', 'x', `${alice.id}x`]) {
        const missing = await t.send(method, url.replace(String(alice.id), nobody), { as: admin })
        expect([nobody, missing.status]).toEqual([nobody, 404])
      }
    }
    for (const [method, url] of [
      ['GET', own],
      ['DELETE', `${own}/${PHONE}`],
    ] as const) {
      expect([url, (await t.send(method, url)).status]).toEqual([url, 401])
      expect([url, (await t.send(method, url, { as: alice, host: 'other.localhost' })).status]).toEqual([url, 403])
    }
    expect([await fields(), published.heard, event()]).toEqual([1, [], []])
    published.stop()
  })

  test('of nobody are an empty object', async () => expect((await t.get(own, { as: alice })).text).toBe('{}'))

  test('are listed by uuid, in the words of the documented example', async () => {
    const userAgent = 'LinphoneAndroid/5.2.1 (Pixel 8) LinphoneSDK/5.3'
    await redis.register(address, PHONE, { updatedAt: NOW, userAgent })
    const expected = {
      [PHONE]: {
        uuid: PHONE,
        update_time: '2026-06-01T12:00:00.000000Z',
        user_agent: userAgent,
        app: 'LinphoneAndroid',
        version: '5.2.1',
        device_name: 'Pixel 8',
      },
    }
    const reply = await t.get(own, { as: alice })
    expect([reply.status, reply.json, reply.headers.get('content-type')]).toEqual([200, expected, 'application/json'])
    expect((await t.get(`/api/accounts/${alice.id}/devices`, { as: admin })).json).toEqual(expected)
    // Not the administrator's own.
    expect((await t.get(own, { as: admin })).json).toEqual({})
  })

  test('have an app, a version and a name where their user agent says so', async () => {
    for (const [userAgent, app, version, name] of [
      ['', '', '', ''],
      ['Linphone-Desktop/5.1.2 (Bob’s "PC" é) Fedora Qt/6.5', 'Linphone-Desktop', '5.1.2', 'Bob’s "PC" é'],
      ['Lib/1 LinphoneiOS/6.0 (iPhone)', 'Lib', '1', 'iPhone'],
      ['LinphoneAndroid/5.2 (Pixel 8 (Pro))', 'LinphoneAndroid', '5.2', 'Pixel 8 (Pro'],
      ['LinphoneAndroid/5.2 (cut', 'LinphoneAndroid', '5.2', 'cut'],
      ['LinphoneAndroid/5.2', 'LinphoneAndroid/5.2', '', ''],
      ['Zoiper rv2.10', 'Zoiper rv2.10', '', ''],
      ['(x) y/z', '(x) y/z', '', ''],
      ['<b>&"\u0001', '<b>&"\u0001', '', ''],
    ] as const) {
      await redis.register(address, PHONE, { updatedAt: NOW, userAgent })
      const device = { user_agent: userAgent, app, version, device_name: name }
      expect((await list())[PHONE]).toMatchObject(device)
    }
  })

  test('that expired an hour ago are not shown, late ones are', async () => {
    for (const [age, expires, shown] of [
      [7200, 3600, true],
      [7201, 3600, false],
      [7201, null, true],
      [3601, 0, false],
      [-86_400, 3600, true],
    ] as const) {
      await redis.register(address, PHONE, { updatedAt: NOW - age, expires })
      expect([age, expires, PHONE in (await list())]).toEqual([age, expires, shown])
    }
    await redis.send(
      'HSET',
      `fs:${address}`,
      `"<${PHONE}>"`,
      `<sip:a@b;updatedAt=${NOW - 7201};expires=3600>;+sip.instance="<${PHONE}>"`,
    )
    expect(await list()).toEqual({})
  })

  test('hide behind no broken contact: what cannot be read is skipped', async () => {
    const good = `+sip.instance="<${DESK}>"`
    for (const [field, value] of [
      ['a', ''],
      ['b', 'nonsense'],
      ['c', `<sip:a@b;updatedAt=${NOW}>`],
      ['d', `<sip:a@b;updatedAt=${NOW}>;+sip.instance="<>"`],
      ['e', `<sip:a@b>;${good}`],
      ['f', `<sip:a@b;updatedAt=soon>;${good}`],
      ['g', `<sip:a@b;updatedAt=99999999999999999999>;${good}`],
      ['h', `<sip:a@b;updatedAt=-1>;${good}`],
      ['i', `<sip:a@b;updatedAt=${NOW}?user-agent=%>;x="${good}`],
      ['j', `<sip:a@b;updatedAt=${NOW}?x=${'y'.repeat(9000)}>;${good}`],
    ] as const)
      await redis.send('HSET', `fs:${address}`, field, value)
    expect(await list()).toEqual({})
    await redis.register(address, PHONE, { updatedAt: NOW })
    expect(Object.keys(await list())).toEqual([PHONE])
  })

  test('with one uuid are one device, the latest', async () => {
    for (const [field, app] of [
      ['a', 'First'],
      ['b', 'Second'],
      ['c', 'Third'],
    ] as const)
      await redis.send(
        'HSET',
        `fs:${address}`,
        field,
        `<sip:a@b;updatedAt=${app === 'Second' ? NOW : NOW - 60}?user-agent=${app}>;+sip.instance="<${PHONE}>"`,
      )
    expect((await list())[PHONE].app).toBe('Second')
    await redis.send('HSET', `fs:${address}`, 'd', `<sip:a@b;updatedAt=${NOW}>;+sip.instance="<__proto__>"`)
    expect((await t.get(own, { as: alice })).text).toContain('"__proto__":{"uuid":"__proto__"')
  })

  test('are removed once, by their account or an administrator, and the proxy hears of every attempt', async () => {
    const bob = await t.account()
    const published = await listen(redis, address)
    const theirs = `/api/accounts/${alice.id}/devices`
    await redis.register(`${bob.username}@${bob.domain}`, PHONE)
    for (const [as, path] of [
      [alice, `${own}/${PHONE}`],
      [alice, `${own}/${encodeURIComponent(PHONE)}`],
      [admin, `${theirs}/${PHONE}`],
      [admin, `${theirs}/${PHONE.replaceAll(':', '%3a')}`],
    ] as const) {
      await redis.register(address, PHONE, { updatedAt: NOW })
      await redis.register(address, DESK, { updatedAt: NOW })
      t.lines.length = 0
      published.heard.length = 0
      const first = await t.delete(path, { as })
      expect([path, first.status, first.text, first.headers.get('content-type')]).toEqual([
        path,
        200,
        '1',
        'application/json',
      ])
      const again = await t.delete(path, { as })
      expect([path, again.status, again.text]).toEqual([path, 200, ''])
      expect(Object.keys(await list())).toEqual([DESK])
      await eventually(() => published.heard.length >= 2)
      expect(published.heard).toEqual([
        [address, ''],
        [address, ''],
      ])
      expect(event()).toHaveLength(1)
      const line = event()[0] ?? ''
      for (const field of ['result=ok', 'ip=192.0.2.7', 'space=sip.example.org', `account=${address}`])
        expect(line).toContain(field)
      expect(line).toContain(`by=${as.username}@${as.domain}`)
      expect(line).toContain(PHONE)
    }
    expect(await fields(`${bob.username}@${bob.domain}`)).toBe(1)
    published.stop()
  })

  test('that are removed twice at once are removed by one of the two', async () => {
    await redis.register(address, PHONE, { updatedAt: NOW })
    const replies = await Promise.all([1, 2].map(() => t.delete(`${own}/${PHONE}`, { as: alice })))
    expect(replies.map(({ text }) => text).sort()).toEqual(['', '1'])
    expect(event()).toHaveLength(1)
  })

  test('are not removed when that cannot be written down', async () => {
    await redis.register(address, PHONE, { updatedAt: NOW })
    const { record } = t.parts.audit
    t.parts.audit.record = () => Promise.reject(new Error('the power went'))
    const reply = await t.delete(`${own}/${PHONE}`, { as: alice })
    t.parts.audit.record = record
    expect([reply.status, await fields()]).toEqual([500, 1])
    expect((await t.delete(`${own}/${PHONE}`, { as: alice })).text).toBe('1')
  })

  test('that Redis does not let go now are written down once, and removed when it does', async () => {
    await redis.register(address, PHONE, { updatedAt: NOW })
    await redis.send('CLIENT', 'PAUSE', '60000', 'WRITE')
    const first = await t.delete(`${own}/${PHONE}`, { as: alice })
    expect([first.status, first.text, await fields()]).toEqual([202, '', 1])
    await redis.send('CLIENT', 'UNPAUSE')
    t.later(10_000)
    const sending = dispatcherOf(t, t.parts.channels)
    await sending.settle()
    expect([await fields(), event().length]).toEqual([0, 1])
    await sending.stop()
  })

  test('that register again as they did before can be removed again', async () => {
    for (const _ of [1, 2]) {
      await redis.register(address, PHONE, { updatedAt: NOW })
      expect((await t.delete(`${own}/${PHONE}`, { as: alice })).text).toBe('1')
    }
    expect(event()).toHaveLength(2)
  })

  test('are read without a write to the database, and removing one writes a row of the audit log', async () => {
    await redis.register(address, PHONE, { updatedAt: NOW })
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    await list()
    expect(await t.snapshot()).toBe(before)
    await t.delete(`${own}/${PHONE}`, { as: alice })
    const { auditLog } = t.db.tables
    const rows = await t.db.read
      .select()
      .from(auditLog)
      .where(eq(auditLog.action, 'device.removed'))
      .orderBy(auditLog.id)
    expect(rows.at(-1)).toMatchObject({ actorName: address, subjectName: address, domain: alice.domain, changes: null })
    expect(JSON.stringify(rows)).not.toContain(PHONE)
  })
})
