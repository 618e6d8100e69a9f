import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// Every route, asked by everybody about an object of the other Space (DESIGN §4). Routes come from the app itself, so
// a new one is covered, or fails here for want of a sample, the moment it exists.

let t: TestApp
let victim: TestAccount
let victimToken: string
let callers: Record<string, TestAccount | null>

/** What each path parameter names: things of the Space `sip.other.org`. */
const sample = (path: string): Record<string, string> => ({
  id: /search-by-email$/.test(path)
    ? 'victim@other.example'
    : /(search|info)$/.test(path)
      ? `victim@${t.other.domain}`
      : String(victim.id),
  sip: `victim@${t.other.domain}`,
  key: 'department',
  code: 'FR',
  domain: t.other.domain,
  token: path.startsWith('/provisioning') ? victimToken : 'unknown',
  name: 'nothing.css',
})

/** Routes that name nothing of a Space: what they answer says nothing about the other one. */
const WITHOUT_OBJECT = new Set([
  'GET /api/ping',
  'GET /provisioning',
  'GET /',
  'GET /about',
  'GET /provisioning/documentation',
  'GET /provisioning/documentation',
  'GET /provisioning/me',
  'GET /api/accounts/me',
  'DELETE /api/accounts/me',
  'GET /api/accounts/me/provision',
  'GET /api/accounts/me/api_key',
  'GET /api/accounts/me/services/turn',
  'POST /api/accounts/me/password',
  'GET /api/accounts',
  'POST /api/accounts',
  'GET /api/phone_countries',
  'POST /api/accounts/auth_token',
  'POST /api/accounts/with-account-creation-token',
  'POST /api/account_creation_request_tokens',
  'POST /api/account_creation_tokens',
  'POST /api/account_creation_tokens/send-by-push',
  'POST /api/account_creation_tokens/using-account-creation-request-token',
  'POST /api/account_creation_tokens/consume',
  'POST /api/account_recovery_tokens/send-by-push',
  'POST /creation_token/validate',
  'GET /api/spaces',
  'POST /api/spaces',
])

/** Super administrators administer Spaces and countries from any host: not a trespass. */
const OF_SUPERS = /^\S+ \/api\/(spaces|phone_countries)\//

const normal = (path: string) => (path.length > 1 ? path.replace(/\/$/, '') : path)

beforeAll(async () => {
  t = await testApp()
  victim = await t.account({ username: 'victim', space: t.other, email: 'victim@other.example' })
  callers = {
    anonymous: null,
    'a user': await t.account({}),
    'an administrator of another Space': await t.account({
      space: await t.space({ domain: 'sip.third.org', host: 'third.localhost' }),
      admin: true,
    }),
    'a super administrator on another host': await t.account({ admin: true }),
  }
  const reply = await t.get('/api/accounts/me', { host: 'other.localhost', as: victim })
  victimToken = reply.json.provisioning_token
})
afterAll(() => t.close())

test('every route, for everybody else, on an object of another Space: refused, and nothing has changed', async () => {
  const trespasses: string[] = []
  const routes = t.routes.routes.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
  expect(routes.length).toBeGreaterThan(40)
  const before = await t.snapshot()
  for (const { method, path } of routes) {
    const route = `${method} ${normal(path)}`
    if (WITHOUT_OBJECT.has(route)) continue
    const samples = sample(path)
    const url = path.replace(/:(\w+)/g, (_, name: string) => {
      const value = samples[name]
      if (value === undefined) throw new Error(`no sample for :${name} of ${route}`)
      return encodeURIComponent(value)
    })
    for (const [who, caller] of Object.entries(callers)) {
      const isSuper = who.startsWith('a super')
      if (isSuper && OF_SUPERS.test(route)) continue
      const host = who.includes('another Space') ? 'third.localhost' : 'localhost'
      const body = method === 'GET' || method === 'DELETE' ? {} : { body: { username: 'taken-over', value: 'x' } }
      const reply = await t.send(method, url, { host, ...(caller && { as: caller }), ...body })
      // An open list that says nothing about anybody's objects, or a refusal.
      if (![401, 403, 404, 422].includes(reply.status)) trespasses.push(`${who}: ${route} → ${reply.status}`)
    }
  }
  expect(trespasses).toEqual([])
  expect(await t.snapshot()).toBe(before)
})

test('an administrator reaches the objects of the own Space on these very routes', async () => {
  const admin = await t.account({ space: t.other, admin: true })
  const reply = await t.get(`/api/accounts/${victim.id}`, { host: 'other.localhost', as: admin })
  expect([reply.status, reply.json.username]).toEqual([200, 'victim'])
})

test('a HEAD of any route changes nothing', async () => {
  const admin = await t.account({ admin: true })
  const own = (await t.get('/api/accounts/me', { as: admin })).json.provisioning_token
  const before = await t.snapshot()
  for (const { method, path } of t.routes.routes) {
    if (method !== 'GET') continue
    const samples = { ...sample(path), id: String(admin.id), token: own }
    const url = path.replace(/:(\w+)/g, (_, name: string) =>
      encodeURIComponent(samples[name as keyof typeof samples] ?? ''),
    )
    const reply = await t.send('HEAD', url, { as: admin })
    expect([url, reply.text]).toEqual([url, ''])
  }
  expect(await t.snapshot()).toBe(before)
})
