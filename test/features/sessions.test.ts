import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { Exchange } from '../../src/http/exchange.ts'
import { surroundings } from '../../src/http/surroundings.ts'
import type { Space } from '../../src/nouns/space.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { MINUTE_MS } from '../support/time.ts'

let t: TestApp
let account: TestAccount

const start = async (env: Record<string, string> = {}) => {
  t = await testApp({ env: { TRUSTED_PROXIES: '192.0.2.1', ...env } })
  account = await t.account()
}
beforeEach(() => start())
afterEach(() => t.close())

/** A request as the front would hand it on. */
const arrive = (options: { cookie?: string; space?: Space; https?: boolean } = {}) => {
  const { cookie, space = t.main, https = false } = options
  const request = new Request('http://localhost/', {
    headers: { ...(cookie === undefined ? {} : { cookie }), 'x-forwarded-proto': https ? 'https' : 'http' },
  })
  const peer = { requestIP: () => ({ address: '192.0.2.1' }), port: 80 }
  return {
    request,
    visit: new Exchange(
      request,
      space,
      surroundings(t.config, () => peer),
      false,
    ),
  }
}

const open = async (kind: 'panel' | 'recovery' = 'panel', who = account) => {
  const { visit } = arrive()
  const value = await t.db.transaction((tx) => t.parts.sessions.open(tx, who, kind, visit))
  return { value, cookie: `sipkeeper_session=${value}` }
}
const find = (options: Parameters<typeof arrive>[0]) => {
  const { request, visit } = arrive(options)
  return t.parts.sessions.find(request, visit)
}
const rows = () => t.db.read.select().from(t.db.tables.sessions)

describe('nobody is signed in', () => {
  test('without a cookie, with an unknown one, or with what the database holds', async () => {
    await open()
    const [row] = await rows()
    for (const cookie of [undefined, 'sipkeeper_session=', `sipkeeper_session=${'x'.repeat(43)}`]) {
      expect(await find(cookie === undefined ? {} : { cookie })).toBeNull()
    }
    expect(await find({ cookie: `sipkeeper_session=${row?.token}` })).toBeNull()
    expect(await find({ cookie: `sipkeeper_session=${row?.token.slice(0, 43)}` })).toBeNull()
  })

  test('in another Space, or when the account is blocked', async () => {
    const { cookie } = await open()
    expect(await find({ cookie, space: t.other })).toBeNull()
    await t.post(`/api/accounts/${account.id}/block`, { as: await t.account({ admin: true }) })
    expect(await find({ cookie })).toBeNull()
  })

  test('with a cookie that plain HTTP could have planted, once the connection is HTTPS', async () => {
    const { cookie, value } = await open()
    expect(await find({ cookie, https: true })).toBeNull()
    expect(await find({ cookie: `__Host-sipkeeper_session=${value}`, https: true })).not.toBeNull()
  })

  test('after twelve hours, however busy', async () => {
    const { cookie } = await open()
    for (let hour = 1; hour < 12; hour += 1) {
      t.later(60 * MINUTE_MS)
      expect(await find({ cookie })).not.toBeNull()
    }
    t.later(60 * MINUTE_MS)
    expect(await find({ cookie })).toBeNull()
  })

  test('after SESSION_LIFETIME without a request', async () => {
    const { cookie } = await open()
    t.later(120 * MINUTE_MS)
    expect(await find({ cookie })).not.toBeNull()
    t.later(122 * MINUTE_MS)
    expect(await find({ cookie })).toBeNull()
  })

  test('after ten minutes of a recovery', async () => {
    const { cookie } = await open('recovery')
    t.later(9 * MINUTE_MS)
    expect((await find({ cookie }))?.kind).toBe('recovery')
    t.later(MINUTE_MS)
    expect(await find({ cookie })).toBeNull()
  })

  test('once the session was closed, or all of the account’s were', async () => {
    const [one, two] = [await open(), await open()]
    const stranger = await open('panel', await t.account())
    const session = await find(one)
    const close = () => t.db.transaction((tx) => t.parts.sessions.close(tx, session?.id ?? 0))
    expect((await Promise.all([close(), close()])).sort()).toEqual([false, true])
    expect(await find(one)).toBeNull()
    expect(await find(two)).not.toBeNull()
    expect(await t.db.transaction((tx) => t.parts.sessions.revoke(tx, account.id))).toBe(1)
    expect(await find(two)).toBeNull()
    expect(await find(stranger)).not.toBeNull()
  })

  test('of an account that is gone', async () => {
    const { cookie } = await open()
    await t.delete(`/api/accounts/${account.id}`, { as: await t.account({ admin: true }) })
    expect(await find({ cookie })).toBeNull()
    expect(await rows()).toEqual([])
  })
})

describe('a session', () => {
  test('is known by its cookie alone, among others', async () => {
    const { cookie, value } = await open()
    const session = await find({ cookie: `theme=dark; ${cookie}; x=1` })
    expect(session).toMatchObject({ kind: 'panel', account: { id: account.id, username: account.username } })
    expect(value).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(await t.snapshot()).not.toContain(value)
  })

  test('is written at most once a minute', async () => {
    const { cookie } = await open()
    const opened = await rows()
    t.later(MINUTE_MS)
    await find({ cookie })
    expect(await rows()).toEqual(opened)
    t.later(MINUTE_MS)
    await Promise.all([find({ cookie }), find({ cookie })])
    expect((await rows())[0]?.lastUsedAt).toEqual(t.clock.now)
  })

  test('has a cookie that scripts do not see and other sites do not send, bound to the host on HTTPS', () => {
    const cookieOf = (https: boolean) => t.parts.sessions.cookie(arrive({ https }).visit, 'value')
    expect(cookieOf(false)).toBe('sipkeeper_session=value; Path=/; HttpOnly; SameSite=Lax')
    expect(cookieOf(true)).toBe('__Host-sipkeeper_session=value; Path=/; HttpOnly; SameSite=Lax; Secure')
    expect(t.parts.sessions.noCookie(arrive().visit)).toEndWith('; Max-Age=0')
  })
})
