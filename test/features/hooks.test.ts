import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { XMLParser } from 'fast-xml-parser'
import { ConfigurationError } from '../../src/config/config.ts'
import { dispatcherOf } from '../outbox/recording.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// The operator's own code (docs/hooks.md): it gets values, and what it does wrong hurts nobody.

let t: TestApp
let folder: string
let file: string
let alice: TestAccount

/** An installation with this file. */
const begin = async (source: string, env: Record<string, string> = {}) => {
  folder = mkdtempSync(join(tmpdir(), 'sipkeeper-hooks-'))
  file = join(folder, 'hooks.ts')
  writeFileSync(file, source)
  t = await testApp({ env: { HOOKS_FILE: file, ...env } })
  await t.parts.hooks.load()
  alice = await t.account({ username: 'alice01', displayName: 'Alice', email: 'alice@example.org' })
}
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true, force: true })
})

const header = { 'x-linphone-provisioning': '1' }
const parser = new XMLParser({
  ignoreAttributes: false,
  isArray: (name) => name === 'section' || name === 'entry',
  parseTagValue: false,
})
/** Section → entry → value, with `!` for one that overwrites. */
const document = async (path: string, as?: TestAccount) => {
  const reply = await t.get(path, { headers: header, ...(as === undefined ? {} : { as }) })
  expect(reply.status).toBe(200)
  const sections: { '@_name': string; entry?: { '@_name': string; '@_overwrite'?: string; '#text'?: string }[] }[] =
    parser.parse(reply.text).config.section
  return Object.fromEntries(
    sections.map(({ '@_name': name, entry = [] }) => [
      name,
      Object.fromEntries(
        entry.map((one) => [one['@_name'], `${one['@_overwrite'] === 'true' ? '!' : ''}${one['#text'] ?? ''}`]),
      ),
    ]),
  )
}
const token = async () => (await t.get('/api/accounts/me', { as: alice })).json.provisioning_token as string
const THROWS = `export default { provisioning: {
  proxy: () => { throw new Error('proxy is broken') },
  sections: () => [{ name: 'net', entries: [{ name: 'mtu', value: 1300 }] }],
} }`

describe('a file that cannot be used', () => {
  test('is refused with what is wrong, and does not replace the one before it', async () => {
    await begin(`export default { provisioning: { sections: () => [{ name: 'a', entries: [] }] } }`)
    for (const [source, complaint] of [
      ['export default {', /cannot be used/],
      ['export const hooks = {}', /default export/],
      ['export default 5', /default export/],
      ['export default { provisionning: {} }', /"provisionning" is none of/],
      ['export default { provisioning: { proxies: () => [] } }', /"provisioning.proxies" is none of/],
      ['export default { account: { created: 5 } }', /"account.created" is no function/],
      ['throw new Error("at the door")', /at the door/],
    ] as const) {
      writeFileSync(file, source)
      const error = await t.parts.hooks.load().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ConfigurationError)
      expect((error as ConfigurationError).problems.join()).toMatch(complaint)
    }
    expect(Object.keys(await document('/provisioning'))).toContain('a')
  })
})

describe('a provisioning hook that fails', () => {
  test('is logged and left out', async () => {
    await begin(THROWS)
    const sections = await document(`/provisioning/${await token()}`)
    expect([sections.net, sections.proxy_0?.reg_identity]).toEqual([
      { mtu: '1300' },
      '"Alice" <sip:alice01@sip.example.org>',
    ])
    expect(t.lines.some((line) => line.includes('proxy is broken') && line.includes('provisioning.proxy'))).toBe(true)
  })

  test('refuses the document with HOOKS_STRICT, and spends nothing', async () => {
    await begin(THROWS, { HOOKS_STRICT: 'true' })
    const path = `/provisioning/${await token()}`
    const before = await t.snapshot()
    const reply = await t.get(path, { headers: header })
    expect([reply.status, reply.text.includes('broken')]).toEqual([503, false])
    expect(await t.snapshot()).toBe(before)
    expect((await t.get('/provisioning', { headers: header })).status).toBe(200)
  })

  test('may return nonsense', async () => {
    const nonsense = [
      'null',
      '5',
      '{}',
      '[5]',
      '[{ name: "a b", value: 1 }]',
      '[{ name: "a" }]',
      '[{ name: "a", value: {} }]',
    ]
    await begin(
      `let n = 0; const all = [${nonsense.join(', ')}]; export default { provisioning: { proxy: () => all[n++ % all.length] } }`,
    )
    for (const _ of nonsense) {
      const sections = await document('/provisioning/me', alice)
      expect(Object.keys(sections.proxy_0 ?? {})).toEqual(['reg_identity', 'reg_proxy', 'reg_sendregister', 'refkey'])
    }
    expect(t.logged('a hook failed')).toHaveLength(nonsense.length)
  })

  test('may never end', async () => {
    await begin(`export default { provisioning: { proxy: () => new Promise(() => {}) } }`)
    expect(Object.keys(await document('/provisioning/me', alice))).toContain('proxy_0')
    expect(t.lines.some((line) => line.includes('2000 ms'))).toBe(true)
  })
})

describe('provisioning hooks', () => {
  test('add entries to the proxy, to each password, and sections at the end', async () => {
    await begin(`import type { Hooks } from 'sipkeeper/hooks'
      const hooks: Hooks = { provisioning: {
        proxy: async ({ account, space }) => [
          { name: 'realm', value: account.username + ' of ' + space.name, overwrite: true },
          { name: 'publish', value: false },
          { name: 'reg_expires', value: 600 },
        ],
        auth: ({ algorithm }) => [{ name: 'note', value: algorithm }],
        sections: ({ account }) => [
          { name: 'misc', entries: [{ name: 'user', value: account === null ? null : account.dictionary.department ?? '' }] },
          { name: 'last', entries: [{ name: 'x', value: '<&>"' }] },
        ],
      } }
      export default hooks`)
    await t.db.transaction((tx) => t.parts.dictionary.set(tx, alice.id, { department: 'sales' }))
    const sections = await document(`/provisioning/${await token()}`)
    expect(sections.proxy_0).toMatchObject({ realm: '!alice01 of Example', publish: '0', reg_expires: '600' })
    expect(sections.auth_info_0?.note).toBe('SHA-256')
    expect([sections.misc?.user, sections.last?.x, Object.keys(sections).at(-1)]).toEqual(['sales', '<&>"', 'last'])
    const base = await document('/provisioning')
    expect([base.misc?.user, base.proxy_0]).toEqual(['', undefined])
  })

  test('see the query parameters that are named, and no others', async () => {
    await begin(
      `export default { provisioning: { sections: ({ request }) => [{ name: 'seen', entries: [
        { name: 'query', value: JSON.stringify(request.query) }, { name: 'path', value: request.path }] }] } }`,
      { HOOKS_QUERY_PARAMS: 'transport,constructor' },
    )
    const { seen } = await document('/provisioning?transport=tls&secret=1&reset_password')
    expect(seen).toEqual({ query: '{"transport":"tls"}', path: '/provisioning' })
  })

  test('never see a password, a token or a hash', async () => {
    await begin(
      `export default { provisioning: { sections: (context) => [{ name: 'seen', entries: [{ name: 'all', value: JSON.stringify(context) }] }] } }`,
    )
    const secret = await token()
    const { seen } = await document('/provisioning/me', alice)
    const given = JSON.parse(seen?.all ?? '')
    expect(Object.keys(given.account).sort()).toEqual([
      'activated',
      'admin',
      'blocked',
      'dictionary',
      'displayName',
      'domain',
      'email',
      'id',
      'phone',
      'username',
    ])
    expect(JSON.stringify(given)).not.toContain(secret)
  })
})

describe('account hooks', () => {
  const told = () => (globalThis as { told?: [string, Record<string, unknown>][] }).told ?? []
  const TELLS = `const tell = (name) => ({ account }) => { globalThis.told.push([name, account]) }
    export default { account: { created: tell('created'), updated: tell('updated'), deleted: tell('deleted') } }`
  const listen = async (source: string) => {
    ;(globalThis as { told?: unknown[] }).told = []
    await begin(source)
    return t.account({ username: 'admin01', admin: true })
  }

  test('hear of what is created, changed and deleted, once it is so', async () => {
    const admin = await listen(TELLS)
    const body = { username: 'bobby01', password: 'correct-horse', algorithm: 'SHA-256', email: 'bob@example.org' }
    const { id } = (await t.post('/api/accounts', { as: admin, body })).json
    expect((await t.post('/api/accounts', { as: admin, body })).status).toBe(422)
    await t.put(`/api/accounts/${id}`, { as: admin, body: { ...body, display_name: 'Bob' } })
    await t.post(`/api/accounts/${id}/activate`, { as: admin })
    await t.post(`/api/accounts/${id}/dictionary/team`, { as: admin, body: { value: 'red' } })
    await t.delete(`/api/accounts/${id}`, { as: admin })
    // Told in their order, once somebody sends what waits.
    expect(told()).toEqual([])
    const sending = dispatcherOf(t, t.parts.channels)
    await sending.settle()
    await sending.stop()
    expect(told().map(([name, account]) => [name, account.displayName, account.activated, account.dictionary])).toEqual(
      [
        ['created', null, false, {}],
        ['updated', 'Bob', false, {}],
        ['updated', 'Bob', true, {}],
        ['updated', 'Bob', true, { team: 'red' }],
        ['deleted', 'Bob', true, { team: 'red' }],
      ],
    )
    expect(JSON.stringify(told())).not.toContain('correct-horse')
  })

  test('that throw change nothing of the answer, and are logged', async () => {
    const admin = await listen(
      `export default { account: { updated: async () => { throw new Error('elsewhere is down') } } }`,
    )
    expect((await t.post(`/api/accounts/${alice.id}/block`, { as: admin })).status).toBe(200)
    const sending = dispatcherOf(t, t.parts.channels)
    await sending.settle()
    const failures = () =>
      t.lines.filter((line) => line.includes('a hook failed') && line.includes('elsewhere is down'))
    expect(failures()).toHaveLength(1)
    // It is called again, after longer and longer waits, for a day.
    t.later(10_000)
    await sending.settle()
    expect(failures()).toHaveLength(2)
    t.later(25 * 3_600_000)
    await sending.settle()
    expect([failures().length, (await t.messages()).filter(({ isDead }) => isDead).length]).toEqual([3, 1])
    expect(t.lines.some((line) => line.includes('a message was given up') && line.includes('"hook"'))).toBe(true)
    await sending.stop()
  })

  test('hear of every account that a Space takes along, and of nothing that was refused or rolled back', async () => {
    await listen(TELLS)
    const root = await t.account({ username: 'root', admin: true })
    const members = await Promise.all([1, 2, 3].map((i) => t.account({ space: t.other, username: `member${i}` })))
    await t.db.transaction((tx) => t.parts.dictionary.set(tx, members[0]?.id ?? 0, { team: 'red' }))
    const refused = { username: 'member1', password: 'correct-horse', algorithm: 'MD5', domain: t.other.domain }
    expect((await t.post('/api/accounts', { as: root, body: refused })).status).toBe(422)
    expect((await t.delete(`/api/spaces/${t.main.domain}`, { as: root })).status).toBe(403)
    expect(await t.messages()).toEqual([])
    expect((await t.delete(`/api/spaces/${t.other.domain}`, { as: root })).status).toBe(200)
    const sending = dispatcherOf(t, t.parts.channels)
    await sending.settle()
    await sending.stop()
    const names = told().map(([name, account]) => [name, account.username, account.dictionary])
    expect(names.sort()).toEqual([
      ['deleted', 'member1', { team: 'red' }],
      ['deleted', 'member2', {}],
      ['deleted', 'member3', {}],
    ])
  })

  test('that are not there any more are not called, and what waits for a file that is gone waits', async () => {
    const admin = await listen(TELLS)
    await t.post(`/api/accounts/${alice.id}/block`, { as: admin })
    writeFileSync(file, 'export default {}')
    await t.parts.hooks.load()
    const sending = dispatcherOf(t, t.parts.channels)
    await sending.settle()
    await sending.stop()
    expect([told(), (await t.messages()).map(({ data, isDead }) => [data, isDead])]).toEqual([[], [[null, false]]])
  })
})
