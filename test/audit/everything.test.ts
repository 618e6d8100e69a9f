import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gt, max } from 'drizzle-orm'
import { factsOf } from '../../src/administration/account/edit-page.tsx'
import { factsOf as credentialFactsOf } from '../../src/administration/carddav-credentials/credential-page.tsx'
import { factsOf as lineFactsOf } from '../../src/administration/external-account/external-page.tsx'
import { numberFactsOf } from '../../src/administration/handing-over/number-page.tsx'
import { versionOf } from '../../src/http/version.ts'
import { type RedisServer, startRedis } from '../registrar/servers.ts'
import { stageFile } from '../support/account-file.ts'
import { type Reply, type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { hasProgram } from '../support/executable.ts'
import { FORM } from '../support/page.ts'
import { nameOf, objectsOf, type Route, routesOf } from '../support/routes.ts'
import {
  type Call,
  callsBelowAccounts,
  callsOfPages,
  callsOfPeople,
  callsOfSpaces,
  type Place,
  type Sent,
  VCARD,
} from './calls.ts'

// Every route that changes something is called once as it is meant, and must leave a row of the audit log. The routes
// come from the app itself: a new one fails here until it says how it is called.

const REPORTED =
  'The report of a SIP proxy is a record itself, with its time, and there are as many as calls and messages (docs/adr/0016).'

const WAITS = 'A file is read, and waits an hour for its import, which leaves rows.'

/** What leaves no row because nothing lasts, each with its reason. */
const CHANGES_NOTHING: Readonly<Record<string, string>> = {
  'POST /admin/spaces/:space/email/test': 'A mail is sent to whoever asks for it, and nothing is kept of it.',
  'POST /api/accounts/public': 'It is gone: always 404 (behaviour/legacy.md §9).',
  'POST /api/accounts/recover-by-phone': 'It is gone: always 404 (behaviour/legacy.md §9).',
  'POST /api/push_notification': 'A push is sent, and nothing is kept of it.',
  'POST /api/account_imports': WAITS,
  'DELETE /api/account_imports/:import': WAITS,
  'POST /admin/accounts/import': WAITS,
  'POST /admin/accounts/bulk': 'It asks first.',
  'POST /admin/get-started/hide': 'The browser remembers it, and nobody else.',
  'POST /admin/spaces/:space/contacts_lists/:contacts_list_id/contacts/delete': 'It asks whether they shall go.',
  'POST /api/statistics/messages': REPORTED,
  'PATCH /api/statistics/messages/:message_id/to/:to/devices/:device_id': REPORTED,
  'POST /api/statistics/calls': REPORTED,
  'PATCH /api/statistics/calls/:call_id': REPORTED,
  'PATCH /api/statistics/calls/:call_id/devices/:device_id': REPORTED,
  'POST /api/statistics/conferences': REPORTED,
  'PATCH /api/statistics/conferences/:conference_id': REPORTED,
  'POST /api/statistics/conferences/:conference_id': REPORTED,
}

const account = { username: 'newcomer', password: 'correct-horse', algorithm: 'SHA-256' }
const forwarding = { type: 'always', forward_to: 'voicemail', enabled: true }

const book = ({ username }: TestAccount) => ({ username, realm: 'dav.example', algorithm: 'MD5', password: 'secret' })

/** How a route is called, where a body with the usual members does not do. */
const CALLS: Readonly<Record<string, Call>> = {
  'POST /api/accounts/me/email/request': () => ({ body: { email: 'another@example.org' } }),
  'POST /api/accounts/:id/send_code': () => {
    t.later(10 * 60_000)
    return { body: { kind: 'email' } }
  },
  'POST /email/confirm': ({ theirs }) => ({ body: { link: linkIn(theirs, '/email/confirm/:link') } }),
  'POST /email/undo': async ({ theirs, space, admin }) => {
    // The change that the link takes back.
    const body = { ...account, username: theirs.owner.username, email: `new@${space.host}.example` }
    await t.put(`/api/accounts/${theirs.owner.id}`, { as: admin, host: space.host, body })
    return { body: { link: linkIn(theirs, '/email/undo/:link') } }
  },
  ...Object.fromEntries(
    [
      'POST /api/account_creation_tokens/send-by-push',
      'POST /api/account_recovery_tokens/send-by-push',
      'POST /api/tokens',
    ].map((name) => [name, () => ({ as: null, body: aPhone() })]),
  ),
  'POST /api/account_creation_tokens/using-account-creation-request-token': async (at) => ({
    as: null,
    body: { account_creation_request_token: await validated(at) },
  }),
  'POST /creation_token/validate': async ({ space }) => ({
    body: {
      account_creation_request_token: (await t.post('/api/account_creation_request_tokens', { host: space.host })).json
        .token,
    },
  }),
  'POST /api/account_creation_tokens/consume': async (at) => ({ body: { account_creation_token: await creation(at) } }),
  'POST /api/accounts/with-account-creation-token': async (at) => ({
    body: { ...account, account_creation_token: await creation(at) },
  }),
  'POST /api/accounts/with-token': async (at) => ({ body: { ...account, token: await creation(at) } }),
  'POST /accounts': () => ({
    body: {
      username: 'newcomer',
      email: 'newcomer@example.org',
      email_confirmation: 'newcomer@example.org',
      password: 'correct-horse-battery',
      password_confirmation: 'correct-horse-battery',
    },
  }),
  'POST /api/accounts/:id/activate/email': async ({ space, admin }) => {
    const body = { ...account, activated: false }
    const made = (await t.post('/api/accounts', { as: admin, host: space.host, body })).json
    const { confirmation_key: code } = (await t.get(`/api/accounts/${made.id}`, { as: admin, host: space.host })).json
    return { as: null, url: `/api/accounts/newcomer@${space.domain}/activate/email`, body: { code } }
  },
  'PUT /api/accounts/:id': ({ theirs }) => ({ body: { ...account, username: theirs.owner.username } }),
  'POST /api/accounts/me/password': ({ theirs }) => ({
    body: { old_password: theirs.owner.password, password: 'another-horse', algorithm: 'SHA-256' },
  }),
  'POST /admin/accounts': () => ({ body: { username: '101', makes_password: '1', activated: '1', admin: '0' } }),
  'POST /admin/accounts/:id': async ({ space, theirs }) => {
    const { account: before } = await t.parts.accounts.byId(space, theirs.owner.id)
    const body = { username: before.username, activated: '1', admin: '0', display_name: 'Another' }
    return { body: { ...body, version: versionOf(factsOf(before)) } }
  },
  'POST /admin/accounts/:id/number': async ({ space, theirs }) => {
    const { account: before } = await t.parts.accounts.byId(space, theirs.owner.id)
    return { body: { username: '2177', version: versionOf(numberFactsOf(before)) } }
  },
  'POST /admin/accounts/:id/external': async ({ theirs }) => {
    const before = await t.parts.externalAccounts.find(theirs.owner.id)
    const line = { username: 'ext', domain: 'carrier.example', protocol: 'UDP', password: 'carrier-secret' }
    return { body: { ...line, version: versionOf(lineFactsOf(before)) } }
  },
  'POST /admin/accounts/:id/actions': () => ({ body: { key: 'close', code: '2' } }),
  'POST /admin/accounts/:id/actions/:action_id': () => ({
    body: { key: 'close', code: '2', version: versionOf(['open', '1']) },
  }),
  'POST /admin/accounts/:id/dictionary': () => ({ body: { key: 'floor', value: '3' } }),
  'POST /admin/accounts/:id/dictionary/:key/edit': () => ({ body: { value: '3', version: versionOf('sales') } }),
  'POST /admin/accounts/:id/carddavs': async ({ space, theirs }) => {
    const at = { createdAt: t.clock.now, updatedAt: t.clock.now }
    const { spaceCarddavServers } = t.db.tables
    const [server] = await t.db.transaction((tx) =>
      tx
        .insert(spaceCarddavServers)
        .values({ spaceId: space.id, uri: 'https://second.example/', ...at })
        .returning(),
    )
    return { body: { ...book(theirs.owner), carddav_id: String(server?.id) } }
  },
  'POST /admin/accounts/:id/carddavs/:carddav_id': async ({ theirs }) => {
    const [before] = await t.parts.carddavCredentials.rows(t.db.read, theirs.owner.id)
    return { body: { ...book(theirs.owner), version: versionOf(credentialFactsOf(before ?? null)) } }
  },
  'POST /api/account_imports/:import': async ({ space, admin }) => ({
    url: `/api/account_imports/${await stageFile(t, admin, space)}`,
    body: { skip_faulty: true },
  }),
  'POST /admin/accounts/import/handle': async ({ space, admin }) => ({
    body: { import: await stageFile(t, admin, space), skip_faulty: '1' },
  }),
  'POST /admin/webhooks': () => ({
    body: { name: 'Another', url: 'https://hooks.example.org/', 'events[]': 'account.created' },
  }),
  'POST /admin/webhooks/:webhook_id': () => ({
    body: {
      name: 'Another',
      url: 'https://hooks.example.org/',
      'events[]': 'account.created',
      version: versionOf(['Ledger', 'https://192.0.2.1/', ['call.ended']]),
    },
  }),
  'POST /api_key/named': () => ({ body: { name: 'Another' } }),
  'POST /admin/api_keys': () => ({ body: { name: 'Another' } }),
  ...Object.fromEntries(
    ['/api_key/named', '/admin/api_keys'].map((path) => [
      `POST ${path}/:id`,
      // As test/support/routes.ts calls the key that every owner has.
      () => ({ body: { name: 'Another', version: versionOf(['Telephone exchange']) } }),
    ]),
  ),
  'POST /admin/accounts/:id/delete': ({ theirs }) => ({ body: { username: theirs.owner.username } }),
  'POST /admin/accounts/bulk/start': ({ theirs }) => ({ body: { action: 'block', accounts: String(theirs.owner.id) } }),
}

const usual = (path: string): Record<string, unknown> => ({
  ...account,
  value: 'sales',
  name: 'Another',
  key: 'another',
  code: '1234',
  title: 'Another',
  description: 'Another',
  vcard: VCARD,
  ...(path.includes('/call_forwardings') ? forwarding : {}),
  ...(path.endsWith('/voicemails') ? { content_type: 'audio/wav' } : {}),
  ...(path.startsWith('/api/webhooks') ? { url: 'https://hooks.example.org/', events: ['account.created'] } : {}),
  ...(path.endsWith('/external') ? { domain: 'carrier.example', protocol: 'UDP' } : {}),
})

/** Which phones are registered is in Redis. */
const HAS_REDIS = hasProgram('redis-server')
const isOfDevices = (name: string) => /\/devices(\/|$)/.test(name) && !name.includes('/statistics/')

let t: TestApp
let redis: RedisServer | null = null
let calls: Readonly<Record<string, Call>>
let folder: string
let routes: readonly Route[]
let root: TestAccount
beforeAll(async () => {
  if (HAS_REDIS) redis = await startRedis()
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-audit-'))
  const turn = { COTURN_SERVER_HOST: 'turn.example.org', COTURN_STATIC_AUTH_SECRET: 'secret' }
  const ways = { MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org', SMS_PROVIDER: 'log' }
  t = await testApp({
    push: { send: async () => {} },
    env: {
      ...turn,
      ...ways,
      LEGACY_API: 'true',
      DATA_DIR: folder,
      ...(redis === null ? {} : { REDIS_URL: redis.url }),
    },
  })
  root = await t.account({ username: 'root', admin: true })
  await t.parts.phoneCountries.activate(null, 'FR')
  routes = routesOf(t)
  calls = { ...CALLS, ...callsBelowAccounts(t, redis), ...callsOfSpaces(t), ...callsOfPeople(t), ...callsOfPages(t) }
})
afterAll(async () => {
  t.parts.registrar.close()
  await t.close()
  await redis?.stop()
  rmSync(folder, { recursive: true })
})

/** What stands in the address of a mail's link. */
const linkIn = (theirs: Place['theirs'], path: string): string =>
  theirs.urlOf({ method: 'GET', path, role: null, isPage: false }).split('/').at(-1) ?? ''

let phones = 0
/** A phone that nobody has pushed to yet. */
const aPhone = () => {
  phones += 1
  return { pn_provider: 'fcm', pn_param: 'project', pn_prid: `device${phones}` }
}
const creation = async ({ space, admin }: Place): Promise<string> =>
  (await t.post('/api/account_creation_tokens', { as: admin, host: space.host })).json.token
/** A request token that a person has confirmed in a browser. */
const validated = async ({ space }: Place): Promise<string> => {
  const { token } = (await t.post('/api/account_creation_request_tokens', { host: space.host })).json
  const form = await asForm(null, { body: { account_creation_request_token: token } })
  await t.post('/creation_token/validate', { host: space.host, ...form })
  return token
}

let places = 0
const place = async (): Promise<Place> => {
  places += 1
  const space = await t.space({ domain: `sip.p${places}.org`, host: `p${places}.localhost` })
  return { space, theirs: await objectsOf(t, space), admin: await t.account({ space, admin: true }), root }
}

const signed = (text: string) => createHmac('sha256', t.parts.secrets.keyFor('form tokens')).update(text).digest('hex')

/** As a browser sends a form, with the token of its page. */
const asForm = async (as: TestAccount | null, { body = {}, headers = {}, session, cookies = [] }: Sent) => {
  const own = session ?? (as === null ? null : (await t.cookie(as)).split('=')[1]) ?? null
  const browser = own === null ? `sipkeeper_form=${'f'.repeat(32)}` : `sipkeeper_session=${own}`
  const secret = own === null ? 'f'.repeat(32) : `session ${t.parts.secrets.hash(own)}`
  const fields = { ...(body as Record<string, string>), form_token: signed(secret) }
  const cookie = [browser, ...cookies].join('; ')
  return { headers: { ...FORM, cookie, ...headers }, body: new URLSearchParams(fields).toString() }
}

/** Makes ready what the call needs; resolves to the call itself. */
const ready = async (route: Route, at: Place): Promise<() => Promise<Reply>> => {
  const least = { account: at.theirs.owner, admin: at.admin, super: at.root }
  const sent = (await calls[nameOf(route)]?.(at)) ?? {}
  const as = sent.as === undefined ? (route.role === null ? null : least[route.role]) : sent.as
  const isForm = !route.path.startsWith('/api/')
  const hasBody = route.method !== 'GET' && route.method !== 'DELETE'
  const host = route.role === 'super' ? t.main.host : at.space.host
  const request = isForm
    ? await asForm(as, sent)
    : {
        ...(as === null ? {} : { as }),
        ...(hasBody ? { body: sent.body ?? usual(route.path) } : {}),
        headers: sent.headers ?? {},
      }
  const url = sent.url ?? at.theirs.urlOf(route)
  return () => t.send(route.method, url, { host, ...request })
}

const lastRow = async (): Promise<number> => {
  const { auditLog } = t.db.tables
  const [found] = await t.db.read.select({ id: max(auditLog.id) }).from(auditLog)
  return Number(found?.id ?? 0)
}
const actionsAfter = async (id: number): Promise<string[]> => {
  const { auditLog } = t.db.tables
  const rows = await t.db.read.select({ action: auditLog.action }).from(auditLog).where(gt(auditLog.id, id))
  return rows.map(({ action }) => action)
}

const isWrite = ({ method }: Route) => method !== 'GET'

test('every route that changes something leaves a row in the audit log', async () => {
  const silent: string[] = []
  for (const route of routes.filter(isWrite)) {
    const name = nameOf(route)
    if (name in CHANGES_NOTHING) continue
    if (!HAS_REDIS && isOfDevices(name)) continue
    const at = await place()
    const call = await ready(route, at)
    const before = await lastRow()
    const reply = await call()
    const actions = await actionsAfter(before)
    if (reply.status >= 400)
      silent.push(`${name} → ${reply.status} ${reply.text.replaceAll(/<[^>]*>/g, ' ').slice(0, 600)}`)
    else if (actions.length === 0) silent.push(`${name} → ${reply.status}, no row`)
  }
  expect(silent).toEqual([])
}, 600_000)

/** GETs that change something, as clients of the reference expect it, or hand over a file, which is written down. */
const CHANGING_GETS = [
  'GET /dashboard/data',
  'GET /api/accounts/export',
  'GET /provisioning/auth_token/:token',
  'GET /provisioning/:token',
  'GET /api/accounts/auth_token/:token/attach',
  'GET /api/accounts/me/api_key/:token',
  'GET /authenticate/qrcode',
  'GET /api/accounts/me/provision',
  'GET /api/accounts/me/api_key',
  'GET /api/accounts/:id/provision',
  'GET /api/accounts/:id/activate',
  'GET /api/accounts/:id/deactivate',
]

/** Calls them one after the other: whether the database changed, and how many rows of the audit log that left. */
const changeBy = async (calls: readonly (() => Promise<Reply>)[]) => {
  await t.parts.apiKeys.flush()
  const [row, before] = [await lastRow(), await t.snapshot()]
  for (const call of calls) await call()
  return { rows: (await actionsAfter(row)).length, isChanged: (await t.snapshot()) !== before }
}

test('every GET that changes something leaves a row in the audit log, and no other changes anything', async () => {
  const gets = Map.groupBy(
    routes.filter((one) => !isWrite(one)),
    (one) => CHANGING_GETS.includes(nameOf(one)),
  )
  const at = await place()
  const showing = await Promise.all((gets.get(false) ?? []).map((one) => ready(one, at)))
  expect(await changeBy(showing)).toEqual({ rows: 0, isChanged: false })
  const silent: string[] = []
  for (const route of gets.get(true) ?? []) {
    const { rows, isChanged } = await changeBy([await ready(route, await place())])
    if (rows === 0 || !isChanged) silent.push(nameOf(route))
  }
  expect(silent).toEqual([])
}, 600_000)

test('what is named as an exception is a route', () => {
  const names = routes.map(nameOf)
  expect([...Object.keys(CHANGES_NOTHING), ...CHANGING_GETS].filter((name) => !names.includes(name))).toEqual([])
})
