import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { Space } from '../../src/nouns/space.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// The CardDAV servers of a Space and what accounts sign in to them with (behaviour/address-books.md §7).

let t: TestApp
let root: TestAccount
let alpha: Space
let admin: TestAccount
let count = 0

beforeAll(async () => {
  t = await testApp()
  root = await t.account({ admin: true })
})
afterAll(() => t.close())
beforeEach(async () => {
  count += 1
  alpha = await t.space({
    domain: `sip.alpha${count}.org`,
    host: `alpha${count}.localhost`,
    carddavUserCredentials: true,
  })
  admin = await t.account({ space: alpha, admin: true })
})

const servers = (rest = '') => `/api/spaces/${alpha.domain}/carddavs${rest}`
const add = async (body: object = {}) =>
  (await t.post(servers(), { as: root, body: { uri: 'http://server', ...body } })).json
const md5 = (text: string) => Bun.MD5.hash(text, 'hex')

describe('a CardDAV server', () => {
  test('is a super administrator’s: not a stranger’s, not its own Space’s administrator’s', async () => {
    const { id } = await add()
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', servers()],
      ['POST', servers()],
      ['GET', servers(`/${id}`)],
      ['PUT', servers(`/${id}`)],
      ['PATCH', servers(`/${id}`)],
      ['DELETE', servers(`/${id}`)],
    ] as const) {
      const body = /P/.test(method) ? { body: { uri: 'http://elsewhere' } } : {}
      expect([method, (await t.send(method, path, body)).status]).toEqual([method, 401])
      const own = await t.send(method, path, { as: admin, host: alpha.host, ...body })
      expect([method, own.status]).toEqual([method, 403])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('of an unknown Space, or of another one, is unknown', async () => {
    const { id } = await add()
    const body = { uri: 'http://elsewhere' }
    const before = await t.snapshot()
    const none = '/api/spaces/sip.nowhere.org/carddavs'
    for (const [method, path] of [
      ['GET', none],
      ['POST', none],
      ...['GET', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
        [`${none}/${id}`, `/api/spaces/sip.other.org/carddavs/${id}`, servers('/99999'), servers('/x')].map(
          (path) => [method, path] as const,
        ),
      ),
    ] as const) {
      const reply = await t.send(method, path, { as: root, ...(/P/.test(method) ? { body } : {}) })
      expect([method, path, reply.status]).toEqual([method, path, 404])
    }
    expect((await t.get('/api/spaces/sip.other.org/carddavs', { as: root })).json).toEqual([])
    expect(await t.snapshot()).toBe(before)
  })

  test('refuses what no phone could use, before it looks for the Space', async () => {
    const { id } = await add()
    const before = await t.snapshot()
    const missing = await t.post('/api/spaces/sip.nowhere.org/carddavs', { as: root, body: {} })
    expect([missing.status, missing.json.errors]).toEqual([422, { uri: ['The address field is required.'] }])
    for (const [changed, field] of [
      [{ uri: null }, 'uri'],
      [{ uri: 'server' }, 'uri'],
      [{ uri: 'ftp://server' }, 'uri'],
      [{ uri: 'http://' }, 'uri'],
      [{ uri: 'https:server' }, 'uri'],
      [{ uri: 'http://server/a b' }, 'uri'],
      [{ uri: 'http://ser ver' }, 'uri'],
      [{ uri: `http://${'x'.repeat(250)}` }, 'uri'],
      [{ enabled: 'false' }, 'enabled'],
      [{ use_exact_match_policy: 'no' }, 'use_exact_match_policy'],
      [{ min_characters: 0 }, 'min_characters'],
      [{ min_characters: null }, 'min_characters'],
      [{ min_characters: 'many' }, 'min_characters'],
      [{ results_limit: -1 }, 'results_limit'],
      [{ timeout: 0 }, 'timeout'],
      [{ delay: 99 }, 'delay'],
      [{ delay: 2_147_483_648 }, 'delay'],
      [{ fields_for_domain: 'wrong _ data' }, 'fields_for_domain'],
      [{ fields_for_domain: 'a,,b' }, 'fields_for_domain'],
      [{ fields_for_user_input: ',a' }, 'fields_for_user_input'],
      [{ fields_for_user_input: 'a, b' }, 'fields_for_user_input'],
      [{ fields_for_user_input: 'a,' }, 'fields_for_user_input'],
    ] as const) {
      for (const [method, path] of [
        ['POST', servers()],
        ['PUT', servers(`/${id}`)],
      ] as const) {
        const reply = await t.send(method, path, { as: root, body: { uri: 'http://server', ...changed } })
        expect([method, changed, reply.status, Object.keys(reply.json.errors)]).toEqual([method, changed, 422, [field]])
      }
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('is made, read, changed and removed; what is not said stays, but switches go off', async () => {
    const made = await t.post(servers(), { as: root, body: { uri: 'http://server' } })
    const { id } = made.json
    const plain = {
      id,
      enabled: false,
      uri: 'http://server',
      min_characters: 3,
      results_limit: 0,
      timeout: 5,
      delay: 500,
      fields_for_user_input: null,
      fields_for_domain: null,
      use_exact_match_policy: false,
      created_at: '2026-06-01T12:00:00.000000Z',
      updated_at: '2026-06-01T12:00:00.000000Z',
    }
    expect([made.status, made.json]).toEqual([200, plain])
    const full = {
      enabled: '1',
      uri: 'https://dav.alpha.example/books/?a=1&b=<2>',
      min_characters: 1,
      results_limit: 25,
      timeout: 9,
      delay: 100,
      fields_for_user_input: 'fn,email',
      fields_for_domain: 'X-IMPP',
      use_exact_match_policy: true,
    }
    const changed = await t.put(servers(`/${id}`), { as: root, body: full })
    expect([changed.status, changed.json]).toEqual([200, { ...plain, ...full, enabled: true }])
    const less = await t.send('PATCH', servers(`/${id}`), {
      as: root,
      body: { uri: 'https://dav.alpha.example/', fields_for_domain: null },
    })
    const { fields_for_domain: _, ...kept } = full
    const rest = { uri: 'https://dav.alpha.example/', enabled: false, use_exact_match_policy: false }
    expect(less.json).toEqual({ ...plain, ...kept, ...rest, fields_for_domain: null })
    expect((await t.get(servers(`/${id}`), { as: root })).json).toEqual(less.json)
    const second = await add()
    expect((await t.get(servers(), { as: root })).json).toEqual([less.json, second])
    const space = (await t.get(`/api/spaces/${alpha.domain}`, { as: root })).json
    expect(space.carddav_servers).toEqual([less.json, second])
    const listed = (await t.get('/api/spaces', { as: root })).json as { domain: string; carddav_servers: unknown }[]
    expect(listed.find(({ domain }) => domain === alpha.domain)?.carddav_servers).toEqual([less.json, second])

    expect((await t.delete(servers(`/${id}`), { as: root })).text).toBe('1')
    expect((await t.delete(servers(`/${id}`), { as: root })).status).toBe(404)
    expect((await t.get(servers(), { as: root })).json).toEqual([second])
    const events = t.lines.filter((line) => line.includes('event=space.carddav') && line.includes(alpha.domain))
    expect(events.map((line) => /kind=(\w+)/.exec(line)?.[1])).toEqual([
      'created',
      'updated',
      'updated',
      'created',
      'deleted',
    ])
  })

  test('survives a republish of its Space, and goes with it', async () => {
    const { id } = await add()
    const space = (await t.get(`/api/spaces/${alpha.domain}`, { as: root })).json
    const body = { ...space, hide_settings: true, carddav_servers: [] }
    const republished = await t.put(`/api/spaces/${alpha.domain}`, { as: root, body })
    expect([republished.status, republished.json.carddav_servers[0].id]).toEqual([200, id])
    await t.delete(`/api/spaces/${alpha.domain}`, { as: root })
    const rows = await t.db.read.select().from(t.db.tables.spaceCarddavServers)
    expect(rows.filter((row) => row.spaceId === alpha.id)).toEqual([])
  })
})

describe('a CardDAV credential', () => {
  let carol: TestAccount
  let server: { id: number }
  let at: string
  const credential = { username: 'carol', password: 'dav-horse', realm: 'dav.example', algorithm: 'MD5' }
  const here = () => ({ as: admin, host: alpha.host })
  const set = (changed: object = {}, id = server.id) =>
    t.put(`${at}/${id}`, { ...here(), body: { ...credential, ...changed } })
  beforeEach(async () => {
    carol = await t.account({ space: alpha })
    server = await add()
    at = `/api/accounts/${carol.id}/carddavs`
  })

  test('is an administrator’s of its Space, in a Space that wants them', async () => {
    await set()
    const plain = await t.space({ domain: `sip.plain${count}.org`, host: `plain${count}.localhost` })
    const boss = await t.account({ space: plain, admin: true })
    const foreign = await t.account({ space: t.other, admin: true })
    const before = await t.snapshot()
    for (const [method, path] of [
      ['GET', at],
      ['GET', `${at}/${server.id}`],
      ['PUT', `${at}/${server.id}`],
      ['PATCH', `${at}/${server.id}`],
      ['DELETE', `${at}/${server.id}`],
    ] as const) {
      const body = /P/.test(method) ? { body: credential } : {}
      const ask = (call: object, url = path) => t.send(method, url, { host: alpha.host, ...body, ...call })
      expect([method, (await ask({})).status]).toEqual([method, 401])
      expect([method, (await ask({ as: carol })).status]).toEqual([method, 403])
      expect([method, (await ask({ as: foreign })).status]).toEqual([method, 403])
      // From the host of another Space nobody reaches it, a super administrator no more than others.
      expect([method, (await ask({ as: root, host: 'localhost' })).status]).toEqual([method, 403])
      const off = await ask({ as: boss, host: plain.host, ...(/P/.test(method) ? { body: {} } : {}) })
      expect([method, off.status, off.json.message]).toEqual([
        method,
        403,
        'Accounts of this space have no CardDAV credentials of their own.',
      ])
      const nobody = await ask({ as: admin }, path.replace(String(carol.id), '99999'))
      expect([method, nobody.status]).toEqual([method, 404])
    }
    expect(await t.snapshot()).toBe(before)
  })

  test('needs all four, a server of its Space, and says so in this order', async () => {
    const elsewhere = (await t.post('/api/spaces/sip.other.org/carddavs', { as: root, body: { uri: 'http://other' } }))
      .json
    const before = await t.snapshot()
    const nothing = await t.put(`/api/accounts/99999/carddavs/99999`, { ...here(), body: {} })
    expect([nothing.status, Object.keys(nothing.json.errors)]).toEqual([
      422,
      ['username', 'password', 'realm', 'algorithm'],
    ])
    for (const [changed, field] of [
      [{ username: 'x'.repeat(65) }, 'username'],
      [{ realm: 'x'.repeat(256) }, 'realm'],
      [{ realm: 'one\nline' }, 'realm'],
      [{ algorithm: 'SHA-512' }, 'algorithm'],
      [{ password: '' }, 'password'],
    ] as const) {
      const reply = await set(changed)
      expect([changed, reply.status, Object.keys(reply.json.errors)]).toEqual([changed, 422, [field]])
    }
    for (const id of [99999, elsewhere.id]) expect([id, (await set({}, id)).status]).toEqual([id, 404])
    expect((await t.get(`${at}/${server.id}`, here())).status).toBe(404)
    expect((await t.delete(`${at}/${server.id}`, here())).status).toBe(404)
    expect(await t.snapshot()).toBe(before)
  })

  test('is set, replaced, read by server, and removed alone', async () => {
    expect((await t.get(at, here())).text).toBe('{}')
    const second = await add({ uri: 'http://second' })
    expect([(await set()).text, (await set({ algorithm: 'SHA-256' }, second.id)).text]).toEqual(['1', '1'])
    expect((await set({ password: ' new horse ' })).text).toBe('1')
    const shown = await t.get(at, here())
    expect(shown.headers.get('cache-control')).toBe('no-store, private')
    const entry = { username: 'carol', realm: 'dav.example' }
    const entries = {
      [server.id]: {
        ...entry,
        carddav_id: server.id,
        algorithm: 'MD5',
        password: md5('carol:dav.example: new horse '),
      },
      [second.id]: {
        ...entry,
        carddav_id: second.id,
        algorithm: 'SHA-256',
        password: Bun.SHA256.hash('carol:dav.example:dav-horse', 'hex'),
      },
    }
    expect(shown.json).toEqual(entries)
    expect((await t.get(`${at}/${second.id}`, here())).json).toEqual(entries[second.id])
    expect((await t.delete(`${at}/${server.id}`, here())).text).toBe('1')
    expect((await t.get(at, here())).json).toEqual({ [second.id]: entries[second.id] })
    // The Space's server is still there, for everybody else.
    expect((await t.get(servers(), { as: root })).json).toHaveLength(2)
    await t.delete(servers(`/${second.id}`), { as: root })
    expect((await t.get(at, here())).text).toBe('{}')
  })

  test('puts its server, and nothing of itself, into the account', async () => {
    await set()
    const second = await add({ uri: 'http://second' })
    await set({}, second.id)
    const other = await t.account({ space: alpha })
    const read = async (path: string) => (await t.get(path, here())).json
    const shown = await read(`/api/accounts/${carol.id}`)
    expect(shown.carddav_servers).toEqual([server, second])
    expect(JSON.stringify(shown)).not.toMatch(new RegExp(`pivot|dav.example|${md5('carol:dav.example:dav-horse')}`))
    const own = (await t.get('/api/accounts/me', { as: carol, host: alpha.host })).json
    expect(own.carddav_servers).toEqual([server, second])
    const listed = (await read('/api/accounts')).data as { id: number; carddav_servers: unknown[] }[]
    const numbers = listed.map(({ id, carddav_servers }) => [id, carddav_servers.length])
    expect(numbers).toEqual([
      [admin.id, 0],
      [carol.id, 2],
      [other.id, 0],
    ])
  })

  test('and its server, removed and set at once, leave neither a failure nor an orphan', async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, i) => (i === 5 ? t.delete(servers(`/${server.id}`), { as: root }) : set())),
    )
    for (const { status } of replies) expect(status).toBeOneOf([200, 404])
    expect((await t.get(at, here())).text).toBe('{}')
  })
})
