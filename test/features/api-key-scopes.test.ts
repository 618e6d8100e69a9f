import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeyScope } from '../../src/nouns/caller.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { nameOf, type Objects, objectsOf, type Route, routesOf } from '../support/routes.ts'

// Every route with a key of every scope (behaviour/requests.md §5.3). The routes come from the app itself; what a scope
// may call besides looking is written down here, so that a route which opens itself to a scope has to be put here too.

/** What a SIP proxy reports and asks, and nothing else. */
const TELEPHONY = [
  'POST /api/statistics/messages',
  'PATCH /api/statistics/messages/:message_id/to/:to/devices/:device_id',
  'POST /api/statistics/calls',
  'PATCH /api/statistics/calls/:call_id',
  'PATCH /api/statistics/calls/:call_id/devices/:device_id',
  'POST /api/statistics/conferences',
  'PATCH /api/statistics/conferences/:conference_id',
  'POST /api/statistics/conferences/:conference_id',
  'GET /api/resolve/:sip',
  'GET /api/accounts/:id/search',
  'GET /api/spaces',
  'POST /api/accounts/:id/voicemails',
  'POST /api/files/:uuid',
  'POST /api/push_notification',
]

/** Links and tokens that set up phones. */
const PROVISIONING = [
  'GET /api/accounts/:id/provision',
  'POST /api/accounts/:id/send_provisioning_email',
  'POST /api/wizard',
]

/** A GET that makes, spends or shows what opens something: no looking. */
const NOT_FOR_READING = [
  'GET /api/accounts/me/api_key',
  'GET /api/accounts/me/provision',
  'GET /api/accounts/me/services/turn',
  'GET /api/accounts/auth_token/:token/attach',
  'GET /api/accounts/:id/provision',
  'GET /api/accounts/:id/activate',
  'GET /api/accounts/:id/deactivate',
  'GET /api/accounts/:id/carddavs',
  'GET /api/accounts/:id/carddavs/:carddav_id',
  'GET /provisioning/me',
]

const MAY: Readonly<Record<Exclude<KeyScope, 'full'>, (route: Route) => boolean>> = {
  read: (route) => route.method === 'GET' && !NOT_FOR_READING.includes(nameOf(route)),
  telephony: (route) => TELEPHONY.includes(nameOf(route)),
  provisioning: (route) => PROVISIONING.includes(nameOf(route)),
}

let t: TestApp
let folder: string
let objects: Objects
let root: TestAccount
let routes: readonly Route[]
const keys = {} as Record<KeyScope, string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-scopes-'))
  const turn = { COTURN_SERVER_HOST: 'turn.example.org', COTURN_STATIC_AUTH_SECRET: 'secret' }
  const ways = { MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org', SMS_PROVIDER: 'log' }
  const daemon = { APP_LINPHONE_DAEMON_UNIX_PATH: '/nonexistent/daemon' }
  const env = { ...turn, ...ways, ...daemon, DATA_DIR: folder }
  t = await testApp({ env, push: { send: async () => {} } })
  objects = await objectsOf(t, t.main)
  root = await t.account({ admin: true })
  for (const scope of ['full', 'read', 'telephony', 'provisioning'] as const) {
    keys[scope] = (await t.post('/api/api_keys', { as: root, body: { name: `Key to ${scope}`, scope } })).json.key
  }
  routes = routesOf(t).filter(({ role, isPage }) => role !== null && !isPage)
  expect(routes.length).toBeGreaterThan(100)
})
afterAll(async () => {
  await t.close()
  rmSync(folder, { recursive: true })
})

const ask = (route: Route, scope: KeyScope, method = route.method) => {
  const body = method === 'GET' || method === 'HEAD' || method === 'DELETE' ? {} : { body: {} }
  return t.send(method, objects.urlOf(route), { key: keys[scope], ...body })
}

test('what is written down here exists', () => {
  const known = new Set(routesOf(t).map(nameOf))
  expect([...TELEPHONY, ...PROVISIONING, ...NOT_FOR_READING].filter((name) => !known.has(name))).toEqual([])
})

describe.each(['read', 'telephony', 'provisioning'] as const)('a key to %s', (scope) => {
  test('is refused by every other route, is told what that takes, and changes nothing', async () => {
    await t.parts.apiKeys.flush()
    const before = await t.snapshot()
    const wrong: string[] = []
    for (const route of routes.filter((one) => !MAY[scope](one))) {
      const { status, json } = await ask(route, scope)
      const isTold = /^The scope of this API key, (\w+), is too small: this takes full(, or [a-z, ]+)?\.$/
      if (status !== 403 || isTold.exec(json?.message)?.[1] !== scope) wrong.push(`${nameOf(route)} → ${status}`)
      // Nothing is done for a HEAD either.
      if (route.method === 'GET' && (await ask(route, scope, 'HEAD')).status !== 403) wrong.push(`HEAD ${route.path}`)
    }
    expect(wrong).toEqual([])
    expect(await t.snapshot()).toBe(before)
  })

  test('is let in by every one of its own', async () => {
    const own = routes.filter(MAY[scope])
    expect(own.length).toBeGreaterThan(2)
    const refused: string[] = []
    for (const route of own) {
      const { status, text } = await ask(route, scope)
      if (status === 401 || text.includes('The scope of this API key')) refused.push(`${nameOf(route)} → ${status}`)
      // 404: of what is the caller's own, who has nothing.
      const isRead = status < 400 || status === 404
      if (route.method === 'GET' && !isRead) refused.push(`${nameOf(route)} → ${status} ${text}`)
    }
    expect(refused).toEqual([])
  })

  test('is documented there', async () => {
    const { paths } = (await t.get('/api/openapi.json')).json
    const told = Object.entries<Record<string, { 'x-api-key-scopes'?: string[] }>>(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        operation['x-api-key-scopes']?.includes(scope) ? [`${method.toUpperCase()} ${path}`] : [],
      ),
    )
    const expected = routes.filter(MAY[scope]).map(nameOf)
    const bare = (names: readonly string[]) =>
      names.map((name) => name.replaceAll(/\{\w+\}|:\w+/g, '{}').replace(/(.)\/$/, '$1')).sort()
    expect(bare(told)).toEqual(bare(expected))
  })
})

test('no reply to a key that may only look holds what opens an account', async () => {
  const { owner } = objects
  const full = (await t.get(`/api/accounts/${owner.id}`, { key: keys.full })).json
  const { passwords, apiKeys } = t.db.tables
  const hashes = (await t.db.read.select().from(passwords)).map(({ password }) => password)
  const stored = (await t.db.read.select().from(apiKeys)).map(({ key }) => key)
  const listed = (await t.get('/api/accounts?per_page=100', { key: keys.full })).json.data
  const tokens = listed.map((one: { provisioning_token: string | null }) => one.provisioning_token ?? [])
  // The HA1 of the line and of the address book, as test/support/routes.ts stores them.
  const secrets = [...hashes, ...stored, ...tokens.flat(), ...Object.values(keys), 'f'.repeat(32)]
  const codes = [`"code":"${full.phone_change_code.code}"`, `"code":"${full.email_change_code.code}"`]
  expect(secrets.length).toBeGreaterThan(10)
  expect(codes).toEqual(['"code":"1234"', '"code":"1234"'])
  for (const scope of ['read', 'telephony'] as const) {
    for (const route of routes.filter(MAY[scope]).filter(({ method }) => method === 'GET')) {
      const { text } = await ask(route, scope)
      const found = [...secrets, ...codes].filter((secret) => text.includes(secret))
      expect([nameOf(route), found]).toEqual([nameOf(route), []])
    }
  }
})

test('a key to everything is refused by no route for its scope', async () => {
  const refused: string[] = []
  for (const route of routes.filter(({ method }) => method === 'GET')) {
    if ((await ask(route, 'full')).text.includes('The scope of this API key')) refused.push(nameOf(route))
  }
  expect(refused).toEqual([])
})
