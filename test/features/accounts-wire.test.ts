import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { pageEnvelope } from '../../src/http/pagination.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

// What leaves the server about an account (behaviour/accounts.md §1): the exact members of every reply, each of its
// type.

let t: TestApp
let admin: TestAccount
let carol: TestAccount

type Type = (value: unknown) => boolean
const text: Type = (value) => typeof value === 'string'
const truth: Type = (value) => typeof value === 'boolean'
const nothing: Type = (value) => value === null
const or =
  (...types: Type[]): Type =>
  (value) =>
    types.some((type) => type(value))
const moment: Type = (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(String(value))
const object: Type = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const emptyList: Type = (value) => Array.isArray(value) && value.length === 0

const MEMBERS: Record<string, Type> = {
  id: (value) => Number.isInteger(value),
  username: text,
  domain: text,
  sip_uri: (value) => value === 'sip:carol.1@sip.example.org',
  email: or(text, nothing),
  phone: or(text, nothing),
  display_name: or(text, nothing),
  dtmf_protocol: or(text, nothing),
  activated: truth,
  blocked: truth,
  admin: truth,
  ip_address: text,
  user_agent: text,
  created_at: moment,
  updated_at: moment,
  realm: or(text, nothing),
  provisioning_token: (value) => /^[A-Za-z0-9]{13}$/.test(String(value)),
  provisioning_token_expire_at: or(moment, nothing),
  dictionary: object,
  email_change_code: nothing,
  types: emptyList,
  actions: emptyList,
  carddav_servers: emptyList,
}
/** While the 2021 API is on (behaviour/legacy.md §6). */
const LEGACY: Record<string, Type> = {
  creation_time: (value) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(String(value)),
  email_changed: nothing,
  confirmation_key_expires: or(text, nothing),
}
const passwords: Record<string, Type> = {
  passwords: (value) => JSON.stringify(value) === '[{"algorithm":"MD5"}]',
}
const phoneCode: Record<string, Type> = { phone_change_code: nothing }
const forwardings: Record<string, Type> = { call_forwardings: emptyList }

const ID = () => carol.id
const OWN: [string, () => Promise<{ json: unknown }>][] = [
  ['GET me', () => t.get('/api/accounts/me', { as: carol })],
  ['GET me/provision', () => t.get('/api/accounts/me/provision', { as: carol })],
  [
    'POST me/password',
    () =>
      t.post('/api/accounts/me/password', {
        as: carol,
        body: { algorithm: 'MD5', password: 'correct-horse', old_password: 'correct-horse' },
      }),
  ],
  ['GET {id}/provision', () => t.get(`/api/accounts/${ID()}/provision`, { as: admin })],
  ...['block', 'unblock', 'deactivate', 'activate'].map((action): [string, () => Promise<{ json: unknown }>] => [
    `POST {id}/${action}`,
    () => t.post(`/api/accounts/${ID()}/${action}`, { as: admin }),
  ]),
]
const REPLIES: [string, () => Promise<{ json: unknown }>, Record<string, Type>][] = [
  ...OWN.map(([name, ask]): [string, () => Promise<{ json: unknown }>, Record<string, Type>] => [name, ask, passwords]),
  [
    'PUT {id}',
    () => t.put(`/api/accounts/${ID()}`, { as: admin, body: { username: 'carol.1', algorithm: 'MD5' } }),
    { ...passwords, ...phoneCode },
  ],
  ['GET {id}', () => t.get(`/api/accounts/${ID()}`, { as: admin }), phoneCode],
  [
    'GET list',
    async () => ({
      json: (await t.get('/api/accounts', { as: admin })).json.data.find(({ id }: { id: number }) => id === carol.id),
    }),
    phoneCode,
  ],
  [
    'GET search',
    () => t.get('/api/accounts/carol.1%40sip.example.org/search', { as: admin }),
    { ...passwords, ...forwardings },
  ],
  [
    'GET search-by-email',
    async () => {
      // `PUT` cleared it.
      const body = { username: 'carol.1', algorithm: 'MD5', email: 'carol@example.org' }
      await t.put(`/api/accounts/${ID()}`, { as: admin, body })
      return t.get('/api/accounts/carol@example.org/search-by-email', { as: admin })
    },
    { ...passwords, ...forwardings },
  ],
  [
    'GET resolve',
    async () => ({
      json: (await t.get('/api/resolve/carol.1@sip.example.org', { as: admin })).json.payload,
    }),
    { ...passwords, ...forwardings },
  ],
]

const start = async (env: Record<string, string>) => {
  t = await testApp({ env })
  admin = await t.account({ username: 'admin', admin: true })
  carol = await t.account({ username: 'carol.1', algorithm: 'MD5', email: 'carol@example.org', displayName: 'Carol' })
}

for (const [generation, env, legacy] of [
  ['with the 2021 API', {}, LEGACY],
  ['without the 2021 API', { LEGACY_API: 'false' }, {}],
] as const) {
  describe(`an account ${generation}`, () => {
    beforeAll(() => start(env))
    afterAll(() => t.close())

    for (const [name, ask, more] of REPLIES) {
      test(`in the reply of ${name} has exactly its members, each of its type`, async () => {
        const { json } = await ask()
        const expected: Record<string, Type> = { ...MEMBERS, ...legacy, ...more }
        const account = json as Record<string, unknown>
        expect(Object.keys(account).sort()).toEqual(Object.keys(expected).sort())
        const wrong = Object.entries(expected).filter(([member, type]) => !type(account[member]))
        expect(wrong.map(([member]) => [member, account[member]])).toEqual([])
      })
    }
  })
}

describe('replies', () => {
  beforeAll(() => start({ APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: '90' }))
  afterAll(() => t.close())

  test('say when the newest unused token dies, and nothing when there is none', async () => {
    const before = (await t.get('/api/accounts/me', { as: carol })).json
    expect(before.provisioning_token_expire_at).toBe('2026-06-01T13:30:00.000000Z')
    await t.get('/api/accounts/me/provision', { as: carol })
    const newer = (await t.get('/api/accounts/me', { as: carol })).json
    await t.get(`/provisioning/${newer.provisioning_token}`)
    const after = (await t.get('/api/accounts/me', { as: carol })).json
    // The older one does not come back to life.
    expect([after.provisioning_token, after.provisioning_token_expire_at]).toEqual([null, null])
    expect((await t.get(`/provisioning/${before.provisioning_token}`)).status).toBe(404)
  })

  test('never hold a hash, and errors no account', async () => {
    const rows = await t.db.read.select().from(t.db.tables.passwords)
    const texts = await Promise.all(REPLIES.map(async ([, ask]) => JSON.stringify((await ask()).json)))
    for (const { password } of rows) expect(texts.join('')).not.toContain(password)
    expect((await t.get(`/api/accounts/99999`, { as: admin })).json).toEqual({ message: 'No such account.' })
  })

  test('keep a dictionary in its order, integers aside, and empty as an object', async () => {
    const { id } = await t.account({ username: 'dora.1' })
    expect((await t.get(`/api/accounts/${id}`, { as: admin })).text).toContain('"dictionary":{}')
    for (const key of ['zebra', 'ape', '10', 'mouse']) {
      await t.post(`/api/accounts/${id}/dictionary/${key}`, { as: admin, body: { value: 'x' } })
    }
    const { dictionary } = (await t.get(`/api/accounts/${id}`, { as: admin })).json
    expect(Object.keys(dictionary).filter((key) => key !== '10')).toEqual(['zebra', 'ape', 'mouse'])
  })
})

describe('finding', () => {
  beforeAll(() => start({}))
  afterAll(() => t.close())

  test('by address takes `sip:`, `sips:` and encoded forms, and any case of the domain', async () => {
    for (const sip of [
      'carol.1@sip.example.org',
      'carol.1%40sip.example.org',
      'sip:carol.1@sip.example.org',
      'sips:carol.1@sip.example.org',
      'sip%3Acarol.1%40SIP.Example.org',
    ]) {
      expect([sip, (await t.get(`/api/accounts/${sip}/search`, { as: admin })).json?.id]).toEqual([sip, carol.id])
      expect([sip, (await t.get(`/api/resolve/${sip}`, { as: admin })).json?.payload?.id]).toEqual([sip, carol.id])
      expect([sip, (await t.get(`/api/accounts/${sip}/info`)).json]).toEqual([sip, { activated: true, realm: null }])
    }
  })

  test('finds nobody under what is no address, of another Space, or deleted, in the same words', async () => {
    const gone = await t.account({ username: 'gone.1' })
    await t.delete(`/api/accounts/${gone.id}`, { as: admin })
    await t.account({ space: t.other, username: 'foreign.1', email: 'foreign@example.org' })
    for (const sip of [
      'carol.1',
      'carol.1@',
      '@sip.example.org',
      'gone.1@sip.example.org',
      'foreign.1@sip.other.org',
    ]) {
      // A proxy with the key of a super administrator finds accounts of every Space: proxy-lookups.test.ts.
      const asked = sip.endsWith('@sip.other.org') ? [] : [`accounts/${sip}/search`, `resolve/${sip}`]
      for (const path of [`accounts/${sip}/info`, ...asked]) {
        const reply = await t.get(`/api/${path}`, { as: admin })
        expect([path, reply.status, reply.json]).toEqual([path, 404, { message: 'No such account.' }])
      }
    }
    for (const email of ['nobody@example.org', 'foreign@example.org', 'carol', '%20', "'; drop table accounts; --"]) {
      const reply = await t.get(`/api/accounts/${encodeURIComponent(email)}/search-by-email`, { as: admin })
      expect([email, reply.status]).toEqual([email, 404])
    }
  })

  test('by a shared e-mail address finds the oldest account', async () => {
    await t.account({ username: 'younger.1', email: 'carol@example.org' })
    expect((await t.get('/api/accounts/carol@example.org/search-by-email', { as: admin })).json.id).toBe(carol.id)
  })

  test('says nothing in public where that is switched off', async () => {
    const quiet = await testApp({ env: { PUBLIC_ACCOUNT_INFO: 'false' } })
    await quiet.account({ username: 'carol.1' })
    expect((await quiet.get('/api/accounts/carol.1@sip.example.org/info')).status).toBe(404)
    await quiet.close()
  })

  test('takes literal paths for what they are, whatever an account is called', async () => {
    expect((await t.get('/api/accounts/me', { as: carol })).json.id).toBe(carol.id)
    for (const literal of ['me/search', 'me/info', 'me/dictionary', 'me/activate', 'auth_token']) {
      expect([literal, (await t.get(`/api/accounts/${literal}`, { as: admin })).status]).toEqual([literal, 404])
    }
    expect((await t.get('/api/accounts/me/', { as: carol })).status).toBe(200)
  })
})

describe('a list', () => {
  const envelope = (page: number, total: number, size = 0) =>
    pageEnvelope({
      data: Array.from({ length: size }, (_, i) => i),
      total,
      page,
      perPage: 20,
      path: 'https://accounts.example.net/api/accounts',
      language: 'en',
    })
  const labels = (page: number, total: number) => envelope(page, total).links.map(({ label }) => label)

  test('of one page has the documented envelope', () => {
    expect(envelope(1, 1, 1)).toEqual({
      current_page: 1,
      data: [0],
      first_page_url: 'https://accounts.example.net/api/accounts?page=1',
      from: 1,
      last_page: 1,
      last_page_url: 'https://accounts.example.net/api/accounts?page=1',
      links: [
        { url: null, label: '&laquo; Previous', page: null, active: false },
        { url: 'https://accounts.example.net/api/accounts?page=1', label: '1', page: 1, active: true },
        { url: null, label: 'Next &raquo;', page: null, active: false },
      ],
      next_page_url: null,
      path: 'https://accounts.example.net/api/accounts',
      per_page: 20,
      prev_page_url: null,
      to: 1,
      total: 1,
    })
  })

  test('of thirteen pages lists all, of more the edges and what is around', () => {
    expect(labels(7, 260)).toHaveLength(15)
    expect(labels(10, 400).slice(1, -1)).toEqual([
      '1',
      '2',
      '...',
      '7',
      '8',
      '9',
      '10',
      '11',
      '12',
      '13',
      '...',
      '19',
      '20',
    ])
    expect(labels(1, 400).slice(1, -1)).toEqual(['1', '2', '3', '4', '...', '19', '20'])
    expect(labels(20, 400).slice(1, -1)).toEqual(['1', '2', '...', '17', '18', '19', '20'])
    expect(envelope(10, 400).links[3]).toEqual({ url: null, label: '...', active: false })
  })

  test('beyond its end is empty, and leads back', () => {
    const beyond = envelope(9, 45)
    expect([beyond.data, beyond.from, beyond.to, beyond.next_page_url]).toEqual([[], null, null, null])
    expect([beyond.last_page, beyond.total, beyond.prev_page_url]).toEqual([
      3,
      45,
      'https://accounts.example.net/api/accounts?page=8',
    ])
    expect(beyond.links.some(({ active }) => active)).toBe(false)
  })

  describe('over HTTP', () => {
    beforeAll(async () => {
      t = await testApp({ env: { BASE_PATH: '/sip' } })
      admin = await t.account({ username: 'admin', admin: true })
      for (let i = 0; i < 44; i++) await t.account({})
      await t.account({ space: t.other })
    })
    afterAll(() => t.close())

    test('has twenty a page, by id, without other Spaces and without what was deleted', async () => {
      const pages = await Promise.all([1, 2, 3].map((n) => t.get(`/sip/api/accounts?page=${n}`, { as: admin })))
      const ids = pages.flatMap(({ json }) => json.data.map(({ id }: { id: number }) => id))
      expect(pages.map(({ json }) => json.data.length)).toEqual([20, 20, 5])
      expect(ids).toEqual([...new Set<number>(ids)].sort((a, b) => a - b))
      await t.delete(`/sip/api/accounts/${ids[5]}`, { as: admin })
      const again = (await t.get('/sip/api/accounts', { as: admin })).json
      expect([again.total, again.data.length, again.data[5].id, again.data[19].id]).toEqual([44, 20, ids[6], ids[20]])
    })

    test('takes any page number for one', async () => {
      const wrong = ['0', '-1', 'x', '', '1.5', '1e3', '9'.repeat(30), '２']
      for (const page of wrong) {
        const { status, json } = await t.get(`/sip/api/accounts?page=${page}`, { as: admin })
        expect([page, status, json?.current_page]).toEqual([page, 200, 1])
      }
      const far = await t.get('/sip/api/accounts?page=999999999', { as: admin })
      expect([far.status, far.json.data]).toEqual([200, []])
    })

    test('links to the Space’s host and the base path, whatever the request called them', async () => {
      const { json } = await t.get('/api/accounts?page=2', {
        as: admin,
        headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      })
      expect([json.path, json.prev_page_url]).toEqual([
        'http://localhost/sip/api/accounts',
        'http://localhost/sip/api/accounts?page=1',
      ])
    })

    test('has its labels in French', async () => {
      const { json } = await t.get('/api/accounts', { as: admin, headers: { 'accept-language': 'fr' } })
      expect(json.links.at(-1).label).not.toBe('Next &raquo;')
    })
  })
})
