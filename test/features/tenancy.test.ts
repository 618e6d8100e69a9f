import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Space } from '../../src/nouns/space.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { parsePage } from '../support/page.ts'
import { nameOf, type Objects, objectsOf, type Route, routesOf } from '../support/routes.ts'

// Every route, asked by everybody who must not reach what it names (behaviour/requests.md §6.2). The routes come from
// the app itself, so that a new one is held against these walls, or fails here for want of a sample, the moment it
// exists.

let t: TestApp
let folder: string
/** Another Space, neither super nor the one that is trespassed upon. */
let third: Space
let theirs: Objects
let user: TestAccount
let admin: TestAccount
let root: TestAccount
let routes: readonly Route[]
/** Of browsers that are signed in, by account. */
const cookies = new Map<number, string>()
const signIn = async (who: TestAccount): Promise<TestAccount> => {
  cookies.set(who.id, await t.cookie(who))
  return who
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-tenancy-'))
  const turn = { COTURN_SERVER_HOST: 'turn.example.org', COTURN_STATIC_AUTH_SECRET: 'secret' }
  const ways = { MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org', SMS_PROVIDER: 'log' }
  const daemon = { APP_LINPHONE_DAEMON_UNIX_PATH: '/nonexistent/daemon' }
  t = await testApp({ env: { ...turn, ...ways, ...daemon, DATA_DIR: folder } })
  third = await t.space({ domain: 'sip.third.org', host: 'third.localhost' })
  theirs = await objectsOf(t, t.other)
  await signIn(theirs.owner)
  user = await signIn(await t.account({ space: third }))
  admin = await signIn(await t.account({ space: third, admin: true }))
  root = await signIn(await t.account({ admin: true }))
  routes = routesOf(t)
  expect(routes.length).toBeGreaterThan(50)
  await t.parts.apiKeys.flush()
})
afterAll(async () => {
  await t.close()
  rmSync(folder, { recursive: true })
})

/** Of people of the other Space alone. */
const report = () => {
  const sip = `${theirs.owner.username}@${theirs.owner.domain}`
  const at = '2026-03-01'
  const call = { id: 'taken-over', from: sip, to: sip, initiated_at: at, ended_at: at, created_at: at }
  return { ...call, sent_at: at, encrypted: true, last_status: 200, received_at: at }
}

/** Everything that a body could ask for, so that no refusal is about its shape. */
const bodyFor = (path: string) => ({
  username: 'taken-over',
  password: 'correct-horse',
  algorithm: 'SHA-256',
  value: 'taken over',
  code: path.endsWith('/email') ? 'abcdefghijklm' : '1234',
  name: 'Taken over',
  kind: 'email',
  admin: true,
  key: 'taken-over',
  title: 'Taken over',
  description: 'Taken over',
  vcard: 'BEGIN:VCARD\nVERSION:4.0\nFN:Taken over\nUID:urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33\nEND:VCARD',
  ...(path.startsWith('/api/statistics/') ? report() : {}),
  content_type: 'audio/wav',
  ...(path.includes('/call_forwardings') ? { type: 'always', forward_to: 'voicemail', enabled: true } : {}),
  ...(path.startsWith('/api/webhooks') ? { url: 'https://taken.example.org/', events: ['account.created'] } : {}),
  ...(path.endsWith('/external') ? { domain: 'carrier.example', protocol: 'UDP' } : {}),
})

/** What a page's form brings along, so that no refusal is about the form. */
const tokens = new Map<string, string>()
const tokenFor = async (cookie: string, host: string): Promise<string> => {
  const key = `${cookie} ${host}`
  const known = tokens.get(key)
  if (known !== undefined) return known
  const token = parsePage(await t.get('/sessions', { host, headers: { cookie } }), '/logout').fields.form_token ?? ''
  tokens.set(key, token)
  return token
}

const sentTo = async (route: Route, host: string, as: TestAccount | null) => {
  const changes = route.method !== 'GET' && route.method !== 'DELETE'
  const body = bodyFor(route.path)
  if (as === null || !route.isPage) return { ...(as === null ? {} : { as }), ...(changes ? { body } : {}) }
  const cookie = cookies.get(as.id) ?? ''
  const form_token = changes ? await tokenFor(cookie, host) : ''
  return { headers: { cookie }, ...(changes ? { body: { ...body, form_token } } : {}) }
}

const ask = async (route: Route, url: string, host: string, as: TestAccount | null) => {
  const reply = await t.send(route.method, url, { host, ...(await sentTo(route, host, as)) })
  // Whoever has no session is sent to get one.
  if (route.isPage && reply.headers.get('location')?.startsWith('/login')) return 401
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
/**
 * A device that the caller has not got: there is nothing to remove, and that is no refusal (behaviour/telephony.md §2).
 */
const OF_THE_CALLER = /^\/api\/accounts\/me\/devices\//

/** Where a voicemail server leaves messages: with the key of a super administrator for accounts of every Space. */
const OF_A_VOICEMAIL_SERVER = ['POST /api/accounts/:id/voicemails', 'POST /api/files/:uuid']

/** Named API keys: a super administrator sees and revokes those of every Space, from any host. */
const A_NAMED_KEY = '/api/api_keys/:id'

/** A code that another browser made: it gets one of its own, and learns nothing. */
const OF_A_BROWSER = /^\/authenticate\/qrcode\//

test('what belongs to a Space cannot be reached from the host of another, by anybody', async () => {
  const isOfSpace = (path: string) => ![OF_NO_SPACE, OF_THE_CALLER, OF_A_BROWSER].some((kind) => kind.test(path))
  const isReport = ({ path }: Route) => path.startsWith('/api/statistics/')
  const naming = routes.filter(({ path }) => path.includes(':') && isOfSpace(path))
  const callers = {
    'a stranger': { as: null, host: third.host },
    'a user': { as: user, host: third.host },
    'an administrator': { as: admin, host: third.host },
    'a super administrator': { as: root, host: t.main.host },
    'its own owner': { as: theirs.owner, host: third.host },
  }
  const isAdministration = ({ path }: Route) => path.startsWith('/admin/')
  const isKey = ({ path }: Route) => path === A_NAMED_KEY
  const isLeaving = (route: Route) => OF_A_VOICEMAIL_SERVER.includes(nameOf(route))
  // A Flexisip reports of all of its domains with the key of a super administrator: whom they concern is in the body, too.
  const { 'a super administrator': _, ...others } = callers
  expect(await trespasses(routes.filter(isReport), others, [401, 403])).toEqual([])
  expect(await trespasses(naming.filter(isLeaving), others, [401, 403, 404])).toEqual([])
  expect(await trespasses(naming.filter(isKey), others, [401, 403, 404])).toEqual([])
  // A super administrator administers every Space from the host of their own, by its pages.
  expect(await trespasses(naming.filter(isAdministration), others, [401, 403, 404])).toEqual([])
  // 429: guessing the keys of 2021 has a limit of its own.
  expect(
    await trespasses(
      naming.filter((route) => !isReport(route) && !isLeaving(route) && !isAdministration(route) && !isKey(route)),
      callers,
      [401, 403, 404, 429],
    ),
  ).toEqual(
    // A Flexisip asks one address about all of its domains, with the key of a super administrator, and nobody else may.
    ['GET /api/accounts/:id/search', 'GET /api/resolve/:sip'].map((route) => `a super administrator: ${route} → 200`),
  )
})

test('whoever belongs to another Space is nobody on this host, on every route that asks who it is', async () => {
  const asking = routes.filter(({ role }) => role !== null)
  const callers = {
    'a user of another Space': { as: user, host: t.other.host },
    'an administrator of another Space': { as: admin, host: t.other.host },
  }
  const isPage = (route: Route) => route.isPage
  expect(
    await trespasses(
      asking.filter((route) => !isPage(route)),
      callers,
      [403],
    ),
  ).toEqual([])
  expect(await trespasses(asking.filter(isPage), callers, [401])).toEqual([])
})

test('every route refuses whoever is less than it requires', async () => {
  const asking = routes.filter(({ role }) => role !== null)
  const own = await signIn(await t.account({ space: t.other }))
  const ownAdmin = await signIn(await t.account({ space: t.other, admin: true }))
  expect(await trespasses(asking, { 'a stranger': { as: null, host: t.other.host } }, [401])).toEqual([])
  const above = asking.filter(({ role }) => role !== 'account')
  expect(await trespasses(above, { 'a user': { as: own, host: t.other.host } }, [403])).toEqual([])
  const supers = asking.filter(({ role }) => role === 'super')
  expect(await trespasses(supers, { 'an administrator': { as: ownAdmin, host: t.other.host } }, [403])).toEqual([])
})

test('these very paths are open to those whose they are', async () => {
  const ownAdmin = await signIn(await t.account({ space: t.other, admin: true }))
  const whose = { anybody: null, account: theirs.owner, admin: ownAdmin, super: null }
  const closed: string[] = []
  for (const route of routes) {
    // What changes something is proven where it is at home.
    if (route.method !== 'GET' || route.role === 'super' || /activate$|attach$|me\/api_key/.test(route.path)) continue
    // Pages about a refusal, and one about a device, of which this test has none.
    if (/^\/(blocked|switched-off|login\/oidc(\/redirect)?)$|\/devices\/:uuid\/delete$/.test(route.path)) continue
    // A file that waits is there for whoever sent it, and for no other administrator.
    if (route.path.includes('/:import')) continue
    const status = await ask(route, theirs.urlOf(route), t.other.host, whose[route.role ?? 'anybody'])
    if (![200, 302].includes(status)) closed.push(`${nameOf(route)} → ${status}`)
  }
  expect(closed).toEqual([])
})
