import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Space } from '../../src/features/spaces/space.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { nameOf, type Objects, objectsOf, type Route, routesOf } from '../support/routes.ts'

// Every route, asked by everybody who must not reach what it names (DESIGN §4). The routes come from the app itself,
// so that a new one is held against these walls, or fails here for want of a sample, the moment it exists.

let t: TestApp
/** Another Space, neither super nor the one that is trespassed upon. */
let third: Space
let theirs: Objects
let user: TestAccount
let admin: TestAccount
let root: TestAccount
let routes: readonly Route[]

beforeAll(async () => {
  t = await testApp({ env: { COTURN_SERVER_HOST: 'turn.example.org', COTURN_STATIC_AUTH_SECRET: 'secret' } })
  third = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
  theirs = await objectsOf(t, t.other)
  user = await t.account({ space: third })
  admin = await t.account({ space: third, admin: true })
  root = await t.account({ admin: true })
  routes = routesOf(t)
  expect(routes.length).toBeGreaterThan(50)
  await t.parts.apiKeys.flush()
})
afterAll(() => t.close())

/** Everything that a body could ask for, so that no refusal is about its shape. */
const bodyFor = (path: string) => ({
  username: 'taken-over',
  password: 'correct-horse',
  algorithm: 'SHA-256',
  value: 'taken over',
  code: path.endsWith('/email') ? 'abcdefghijklm' : '1234',
  name: 'Taken over',
  admin: true,
})

const ask = async (route: Route, url: string, host: string, as: TestAccount | null) => {
  const body = route.method === 'GET' || route.method === 'DELETE' ? {} : { body: bodyFor(route.path) }
  const reply = await t.send(route.method, url, { host, ...(as === null ? {} : { as }), ...body })
  if (reply.text.startsWith('{')) expect(reply.headers.get('content-type')).toBe('application/json')
  return reply.status
}

/** Asks every route for everybody and names whoever was not refused as they must be. */
const trespasses = async (
  asked: readonly Route[],
  callers: Readonly<Record<string, { as: TestAccount | null; host: string }>>,
  refusals: readonly number[],
) => {
  const before = await t.snapshot()
  const found: string[] = []
  for (const route of asked) {
    for (const [who, { as, host }] of Object.entries(callers)) {
      const status = await ask(route, theirs.urlOf(route), host, as)
      if (!refusals.includes(status)) found.push(`${who}: ${nameOf(route)} → ${status}`)
    }
  }
  expect(await t.snapshot()).toBe(before)
  return found
}

/** Spaces are administered, and countries opened, by super administrators from any host; assets belong to nobody. */
const OF_NO_SPACE = /^\/(api\/(spaces|phone_countries)|assets)\//

test('what belongs to a Space cannot be reached from the host of another, by anybody', async () => {
  const naming = routes.filter(({ path }) => path.includes(':') && !OF_NO_SPACE.test(path))
  const callers = {
    'a stranger': { as: null, host: third.host },
    'a user': { as: user, host: third.host },
    'an administrator': { as: admin, host: third.host },
    'a super administrator': { as: root, host: t.main.host },
    'its own owner': { as: theirs.owner, host: third.host },
  }
  // 429: guessing the keys of 2021 has a limit of its own.
  expect(await trespasses(naming, callers, [401, 403, 404, 429])).toEqual([])
})

test('whoever belongs to another Space is nobody on this host, on every route that asks who it is', async () => {
  const asking = routes.filter(({ role }) => role !== null)
  const callers = {
    'a user of another Space': { as: user, host: t.other.host },
    'an administrator of another Space': { as: admin, host: t.other.host },
  }
  expect(await trespasses(asking, callers, [403])).toEqual([])
})

test('every route refuses whoever is less than it requires', async () => {
  const asking = routes.filter(({ role }) => role !== null)
  const own = await t.account({ space: t.other })
  const ownAdmin = await t.account({ space: t.other, admin: true })
  expect(await trespasses(asking, { 'a stranger': { as: null, host: t.other.host } }, [401])).toEqual([])
  const above = asking.filter(({ role }) => role !== 'account')
  expect(await trespasses(above, { 'a user': { as: own, host: t.other.host } }, [403])).toEqual([])
  const supers = asking.filter(({ role }) => role === 'super')
  expect(await trespasses(supers, { 'an administrator': { as: ownAdmin, host: t.other.host } }, [403])).toEqual([])
})

test('these very paths are open to those whose they are', async () => {
  const ownAdmin = await t.account({ space: t.other, admin: true })
  const closed: string[] = []
  for (const route of routes) {
    // What changes something is proven where it is at home.
    if (route.method !== 'GET' || route.role === 'super' || /activate$|attach$|api_key/.test(route.path)) continue
    const status = await ask(route, theirs.urlOf(route), t.other.host, route.role === null ? null : ownAdmin)
    if (![200, 302].includes(status)) closed.push(`${nameOf(route)} → ${status}`)
  }
  expect(closed).toEqual([])
})
