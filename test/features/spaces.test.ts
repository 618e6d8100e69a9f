import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'

let t: TestApp
let root: TestAccount
beforeEach(async () => {
  t = await testApp()
  root = await t.account({ username: 'root', admin: true })
})
afterEach(() => t.close())

const wanted = { name: 'Alpha', domain: 'sip.alpha.example', host: 'alpha.localhost' }
const create = (body: Record<string, unknown> = wanted) => t.post('/api/spaces', { as: root, body })
const put = (domain: string, body: unknown, method = 'PUT') =>
  t.send(method, `/api/spaces/${domain}`, { as: root, body })

test('Spaces belong to super administrators', async () => {
  const plain = await t.account({ space: t.other, admin: true })
  const user = await t.account({})
  for (const [method, path] of [
    ['GET', '/api/spaces'],
    ['POST', '/api/spaces'],
    ['GET', '/api/spaces/sip.other.org'],
    ['PUT', '/api/spaces/sip.other.org'],
    ['PATCH', '/api/spaces/sip.other.org'],
    ['DELETE', '/api/spaces/sip.other.org'],
  ] as const) {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: {} }
    expect((await t.send(method, path, body)).status).toBe(401)
    expect((await t.send(method, path, { as: user, ...body })).status).toBe(403)
    expect((await t.send(method, path, { as: plain, host: 'other.localhost', ...body })).status).toBe(403)
  }
})

describe('creating', () => {
  const refusals: [string, Record<string, unknown>, string[]][] = [
    ['nothing', { name: null, domain: null, host: null }, ['name', 'domain', 'host']],
    ['a single label', { domain: 'baddomain' }, ['domain']],
    ['upper case', { domain: 'SIP.alpha.example' }, ['domain']],
    ['a port', { host: 'alpha.localhost:8080' }, ['host']],
    ['a taken domain', { domain: 'sip.other.org' }, ['domain']],
    ['a taken host and name', { host: 'other.localhost', name: 'Other' }, ['name', 'host']],
    ['"false" as a flag', { super: 'false' }, ['super']],
    ['a negative quota', { max_accounts: -1 }, ['max_accounts']],
    ['text as a number', { max_account: 'x' }, ['max_account']],
    ['yesterday', { expire_at: '2026-05-31' }, ['expire_at']],
    ['a hue beyond the circle', { theme_hue: 361 }, ['theme_hue']],
    ['INI that cannot be read', { custom_provisioning_entries: '[open\na=b' }, ['custom_provisioning_entries']],
    ['INI without a section', { custom_provisioning_entries: 'a=b' }, ['custom_provisioning_entries']],
    ['managed keys', { custom_provisioning_entries: '[ui]\nhide_settings=1' }, ['custom_provisioning_entries']],
    ['an unknown algorithm', { account_default_password_algorithm: 'SHA1' }, ['account_default_password_algorithm']],
    ['a super Space that expires', { super: true, expire_at: '2027-01-01' }, ['expire_at']],
  ]
  for (const [name, change, fields] of refusals) {
    test(`refuses ${name} and stores nothing`, async () => {
      const before = await t.snapshot()
      const reply = await create({ ...wanted, ...change })
      expect([reply.status, Object.keys(reply.json.errors ?? {})]).toEqual([422, fields])
      expect(await t.snapshot()).toBe(before)
    })
  }

  test('answers 201 with the whole object, and the Space works at once', async () => {
    const reply = await create({ ...wanted, max_accounts: null, unique_email: true })
    expect(reply.status).toBe(201)
    expect(reply.json).toMatchObject({
      ...wanted,
      super: false,
      max_accounts: 0,
      unique_email: false,
      disable_broadcast_feature: true,
      theme_hue: 22,
      email_server: null,
      carddav_servers: [],
      digest_authentication_configuration: { realm: 'sip.alpha.example', default_password_algorithm: null },
      oidc_authentication_configuration: null,
    })
    expect(reply.json.id).toBeUndefined()
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).text).toBe('pong')
    expect((await t.get('/api/spaces', { as: root })).json.map(({ domain }: { domain: string }) => domain)).toEqual([
      'sip.example.org',
      'sip.other.org',
      'sip.alpha.example',
    ])
  })

  test('can leave DIGEST out: accounts are made then, without a password', async () => {
    expect(
      (await create({ ...wanted, digest_authentication_configuration: null })).json.digest_authentication_configuration,
    ).toBeNull()
    const body = { username: 'carol.1', password: 'correct-horse', algorithm: 'MD5', domain: wanted.domain }
    expect((await t.post('/api/accounts', { as: root, body })).json.passwords).toEqual([])
  })

  test('twenty times at once makes one', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => create()))
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(422)])
  })
})

describe('changing', () => {
  test('an empty body fails on exactly nineteen fields besides name and host, before the domain is looked up', async () => {
    const reply = await put('sip.unknown.org', {})
    expect(reply.status).toBe(422)
    expect(Object.keys(reply.json.errors).filter((name) => name !== 'name' && name !== 'host')).toHaveLength(19)
  })

  test('every field that was set is read back, and the object that was read can be sent back', async () => {
    const made = (await create()).json
    const full = {
      ...made,
      name: 'Alpha 2',
      host: 'alpha2.localhost',
      max_accounts: 250,
      max_account: 2,
      expire_at: '2027-01-31',
      account_proxy_registrar_address: 'sip:proxy.alpha.example',
      custom_provisioning_entries: '[net]\nmtu=1300',
      copyright_text: '© Alpha',
      intro_registration_text: '**Welcome**',
      newsletter_registration_address: 'news@alpha.example',
      theme_hue: 200,
      provisioning_use_linphone_provisioning_header: true,
      account_default_password_algorithm: 'SHA-256',
      domain: 'ignored.example',
    }
    delete full.digest_authentication_configuration
    for (const [key, value] of Object.entries(full)) {
      if (
        typeof value === 'boolean' &&
        key !== 'super' &&
        key !== 'unique_email' &&
        key !== 'client_certificate_authentication'
      ) {
        full[key] = !made[key]
      }
    }
    const changed = await put('sip.alpha.example', full)
    expect(changed.status).toBe(200)
    for (const [key, value] of Object.entries(full)) {
      if (['domain', 'created_at', 'updated_at'].includes(key)) continue
      const expected = key === 'expire_at' ? '2027-01-31T00:00:00.000000Z' : value
      expect([key, changed.json[key]]).toEqual([key, expected])
    }
    const again = await put('sip.alpha.example', changed.json, 'PATCH')
    expect(again.status).toBe(200)
    expect({ ...again.json, updated_at: null }).toEqual({ ...changed.json, updated_at: null })
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(404)
    expect((await t.get('/api/ping', { host: 'alpha2.localhost' })).status).toBe(200)
    const { copyright_text: _, ...without } = again.json
    expect((await put('sip.alpha.example', without)).json.copyright_text).toBeNull()
  })

  test('is refused where it would lock somebody out', async () => {
    const own = (await t.get('/api/spaces/sip.example.org', { as: root })).json
    expect(Object.keys((await put('sip.example.org', { ...own, super: false })).json.errors)).toEqual(['super'])
    expect(Object.keys((await put('sip.example.org', { ...own, expire_at: '2027-01-01' })).json.errors)).toEqual([
      'expire_at',
    ])
    const made = (await create()).json
    for (const host of ['not a host', 'alpha.example.com', 'evillocalhost']) {
      expect([host, Object.keys((await put(wanted.domain, { ...made, host })).json.errors)]).toEqual([host, ['host']])
    }
    await t.account({ space: (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other })
    await t.account({ space: (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other })
    expect(Object.keys((await put(wanted.domain, { ...made, max_accounts: 1 })).json.errors)).toEqual(['max_accounts'])
    const realm = {
      ...made,
      digest_authentication_configuration: { realm: 'new.alpha.example', default_password_algorithm: null },
    }
    expect((await put(wanted.domain, realm)).status).toBe(422)
    expect((await put('sip.unknown.org', made)).status).toBe(404)
  })
})

describe('deleting', () => {
  test('takes the accounts along and answers 1; an unknown Space is 404', async () => {
    await create()
    const space = (await t.parts.spaces.byDomain(wanted.domain)) ?? t.other
    for (let i = 0; i < 3; i++) await t.account({ space })
    const reply = await t.delete(`/api/spaces/${wanted.domain}`, { as: root })
    expect([reply.status, reply.text]).toEqual([200, '1'])
    const rows = await t.db.read.select().from(t.db.tables.accounts)
    expect(rows.filter(({ domain }) => domain === wanted.domain)).toEqual([])
    expect((await t.delete(`/api/spaces/${wanted.domain}`, { as: root })).status).toBe(404)
    expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(404)
  })

  test('never the own Space', async () => {
    expect((await t.delete('/api/spaces/sip.example.org', { as: root })).status).toBe(403)
  })
})

test('a Space expires at 00:00 UTC of its day, everything on its host with it, and comes back with a later date', async () => {
  const made = (await create({ ...wanted, expire_at: '2026-06-02' })).json
  expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(200)
  t.clock.now = new Date('2026-06-02T00:00:00.000Z')
  for (const path of ['/api/ping', '/provisioning', '/api/accounts/me']) {
    expect((await t.get(path, { host: 'alpha.localhost' })).status).toBe(403)
  }
  expect((await t.get('/up', { host: 'alpha.localhost' })).status).toBe(200)
  // The key of before has been idle for hours.
  root = await t.account({ admin: true })
  const lifted = await put(wanted.domain, { ...made, expire_at: '2026-06-03' })
  expect(lifted.status).toBe(200)
  expect((await t.get('/api/ping', { host: 'alpha.localhost' })).status).toBe(200)
})
